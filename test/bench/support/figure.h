// One measured figure, printed as a JSON line that run.sh collects.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct Figure {
  std::string name;
  double ours = 0;
  std::optional<double> bare;   ///< the same work without us, in the same run
  std::string unit;
  std::optional<double> ratio;  ///< ours / bare
  std::string goal;             ///< as a person reads it; empty: no goal, only shown
  std::optional<bool> met;
};

/// {"name":…,"ours":…,"bare":…,"unit":…,"ratio":…,"goal":…,"met":…}
void print(const Figure& figure);

enum class Better { less, more };
/// A figure with a goal for ours/bare ("<= 1.25"), or without a bare one for ours itself.
Figure compared(std::string name, double ours, std::optional<double> bare, std::string unit, Better better, double goal);

class StopWatch {
 public:
  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// Seconds of CPU that this process took so far, user and system, on all its threads.
double cpu_seconds();

/// A folder for one program's files, removed with the object.
class WorkFolder {
 public:
  WorkFolder();
  ~WorkFolder();
  WorkFolder(const WorkFolder&) = delete;
  WorkFolder& operator=(const WorkFolder&) = delete;
  std::string file(std::string_view name) const { return path_ + "/" + std::string(name); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// "--name VALUE" of a program's arguments, or `otherwise`.
std::string option(int count, char** arguments, std::string_view name, std::string otherwise);

/// Of several rounds the one that was least disturbed by whatever else the machine did.
double best(const std::vector<double>& values, Better better);

}  // namespace bench
