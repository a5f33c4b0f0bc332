# What is installed, and the Debian package `datapicker` made of it: cpack -G DEB in the build folder.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # a package needs the program, not the tests
target_link_options(datapicker PRIVATE -Wl,-z,relro,-z,now)

# Manual pages and completions are written by the program itself, out of the declarations that its command line is made of.
set(generated ${CMAKE_BINARY_DIR}/generated)
add_custom_command(
  TARGET datapicker POST_BUILD
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${generated}/man1
  COMMAND $<TARGET_FILE:datapicker> reference --folder ${generated}
  COMMAND sh -c "gzip -9nk ${generated}/man1/*.1"
  VERBATIM)

install(TARGETS datapicker RUNTIME DESTINATION bin)
install(DIRECTORY config/dialects DESTINATION share/datapicker FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY connectors/targets/ DESTINATION share/datapicker/targets FILES_MATCHING PATTERN "*.yaml" REGEX "/(file|kafka|message|nats)$" EXCLUDE)
if(EXISTS ${CMAKE_SOURCE_DIR}/config/schema)
  install(DIRECTORY config/schema DESTINATION share/datapicker)
endif()
install(FILES "config/systemd/datapicker@.service" DESTINATION lib/systemd/system)
install(FILES config/systemd/datapicker.sysusers DESTINATION lib/sysusers.d RENAME datapicker.conf)
install(FILES config/systemd/datapicker.tmpfiles DESTINATION lib/tmpfiles.d RENAME datapicker.conf)
install(DIRECTORY ${generated}/man1 DESTINATION share/man FILES_MATCHING PATTERN "*.gz")
install(FILES ${generated}/datapicker.bash DESTINATION share/bash-completion/completions RENAME datapicker)
install(FILES ${generated}/_datapicker DESTINATION share/zsh/vendor-completions)
install(FILES ${generated}/datapicker.fish DESTINATION share/fish/vendor_completions.d)

set(documentation share/doc/datapicker)
install(DIRECTORY docs/ DESTINATION ${documentation}/docs FILES_MATCHING PATTERN "*.md")
install(FILES README.md DESTINATION ${documentation})
install(FILES config/daemon.yaml DESTINATION ${documentation}/examples)
install(DIRECTORY examples/quickstart DESTINATION ${documentation}/examples USE_SOURCE_PERMISSIONS)
install(DIRECTORY config/grafana config/prometheus DESTINATION ${documentation}/examples)
install(FILES config/debian/copyright DESTINATION ${documentation})
# Debian wants its changelog packed, and the same bytes whenever it is built.
add_custom_command(
  OUTPUT ${generated}/changelog.gz
  COMMAND gzip -9nc ${CMAKE_SOURCE_DIR}/config/debian/changelog > ${generated}/changelog.gz
  DEPENDS config/debian/changelog
  VERBATIM)
add_custom_target(debian_changelog ALL DEPENDS ${generated}/changelog.gz)
add_dependencies(datapicker debian_changelog)
install(FILES ${generated}/changelog.gz DESTINATION ${documentation})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME datapicker)
set(CPACK_PACKAGE_CONTACT "Datapicker developers <datapicker@localhost>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION database)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "systemd | systemd-standalone-sysusers | systemd-sysusers, systemd | systemd-standalone-tmpfiles | systemd-tmpfiles")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "odbcinst, ca-certificates, sqlite3")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "odbc-postgresql, odbc-mariadb, libsqliteodbc, odbc-mdbtools, tdsodbc, bash-completion, prometheus")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
    "hands every changed row of a database to a web API
Datapicker watches ERP and legacy databases through ODBC, finds the rows
that really changed, and hands each change as a small transaction to a
CRM, a ticket system or any JSON API within seconds.

One instance is a folder of YAML below /etc/datapicker, one systemd unit
datapicker@NAME and one SQLite journal. Drivers come from the packages
of each database.")
set(scripts ${CMAKE_SOURCE_DIR}/config/debian)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${scripts}/postinst ${scripts}/prerm ${scripts}/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
