# SPDX-License-Identifier: LGPL-2.1-or-later
# Part of a Nomad client's configuration.  Docker must know the runtime too: see ../docker/daemon.json.
# A task then says  driver = "docker"  and  config { runtime = "ocirt" }.
plugin "docker" {
  config {
    allow_runtimes = ["runc", "ocirt"]
  }
}
