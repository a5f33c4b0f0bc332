// stub_server: a web API on this machine whose effects can be counted and whose faults can be ordered. See README.md.
#include <signal.h>
#include <sys/signalfd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <stdexcept>

#include "test/support/stub_server/server.h"

namespace {

struct Options {
  std::string address = "127.0.0.1";
  std::uint16_t port = 0;
  std::string log;
  std::string port_file;
  stub_server::Settings settings;
};

Options read_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    const std::string name = arguments[i];
    if (i + 1 >= count) throw std::runtime_error("a value is missing after " + name);
    const std::string value = arguments[i + 1];
    if (name == "--port") options.port = static_cast<std::uint16_t>(std::stoi(value));
    else if (name == "--address") options.address = value;
    else if (name == "--log") options.log = value;
    else if (name == "--port-file") options.port_file = value;
    else if (name == "--mode") options.settings.mode = stub_server::mode_of(value);
    else if (name == "--latency-ms") options.settings.latency_ms = std::stoll(value);
    else if (name == "--fail-rate") options.settings.fail_rate = std::stod(value);
    else if (name == "--cut-rate") options.settings.cut_rate = std::stod(value);
    else if (name == "--seed") options.settings.seed = std::stoull(value);
    else throw std::runtime_error("unknown option " + name);
  }
  return options;
}

/// Whoever waits for the file must never read half a number.
void write_port_file(const std::string& path, std::uint16_t port) {
  std::ofstream(path + ".new") << port << '\n';
  std::filesystem::rename(path + ".new", path);
}

int serve(const Options& options) {
  sigset_t stop_signals;
  sigemptyset(&stop_signals);
  sigaddset(&stop_signals, SIGTERM);
  sigaddset(&stop_signals, SIGINT);
  sigprocmask(SIG_BLOCK, &stop_signals, nullptr);

  stub_server::EffectLog log(options.log);
  stub_server::Behaviour behaviour(options.settings, log);
  stub_server::Server server(options.address, options.port, behaviour);
  std::cout << "listening on " << options.address << ":" << server.port() << std::endl;
  if (!options.port_file.empty()) write_port_file(options.port_file, server.port());
  server.run(signalfd(-1, &stop_signals, SFD_CLOEXEC));
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    return serve(read_options(count, arguments));
  } catch (const std::exception& error) {
    std::cerr << "stub_server: " << error.what() << '\n';
    return 2;
  }
}
