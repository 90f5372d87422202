#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# User data of an Amazon ECS container instance: Docker uses ocirt for all tasks, the agent's container too.
# No task definition can name a runtime, so the default is changed before Docker and the agent start.
# /usr/bin/ocirt must be in the machine image already.
set -eu

/usr/bin/ocirt --version
mkdir -p /etc/docker
if [ -s /etc/docker/daemon.json ]; then
    echo "/etc/docker/daemon.json exists: add the runtime to it" >&2
    exit 1
fi
cat >/etc/docker/daemon.json <<'JSON'
{
  "runtimes": {
    "ocirt": {
      "path": "/usr/bin/ocirt"
    }
  },
  "default-runtime": "ocirt"
}
JSON
systemctl restart --no-block docker
