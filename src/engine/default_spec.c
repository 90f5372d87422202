/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * default_spec.c - a config.json to begin with, as text: what runc's and crun's `spec` write.
 *
 * A test parses it and runs it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/text.h"
#include "engine/context.h"

#define CAPABILITIES \
    "[\n        \"CAP_AUDIT_WRITE\",\n        \"CAP_KILL\",\n        \"CAP_NET_BIND_SERVICE\"\n      ]"

static const char head[] =
    "{\n"
    "  \"ociVersion\": \"1.3.0\",\n"
    "  \"process\": {\n"
    "    \"terminal\": true,\n"
    "    \"user\": {\n      \"uid\": 0,\n      \"gid\": 0\n    },\n"
    "    \"args\": [\n      \"sh\"\n    ],\n"
    "    \"env\": [\n"
    "      \"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin\",\n"
    "      \"TERM=xterm\"\n"
    "    ],\n"
    "    \"cwd\": \"/\",\n"
    "    \"capabilities\": {\n"
    "      \"bounding\": " CAPABILITIES ",\n"
    "      \"effective\": " CAPABILITIES ",\n"
    "      \"permitted\": " CAPABILITIES "\n"
    "    },\n"
    "    \"rlimits\": [\n"
    "      {\n        \"type\": \"RLIMIT_NOFILE\",\n        \"hard\": 1024,\n        \"soft\": 1024\n      }\n"
    "    ],\n"
    "    \"noNewPrivileges\": true\n"
    "  },\n"
    "  \"root\": {\n    \"path\": \"rootfs\",\n    \"readonly\": true\n  },\n"
    "  \"hostname\": \"ocirt\",\n"
    "  \"mounts\": [\n"
    "    { \"destination\": \"/proc\", \"type\": \"proc\", \"source\": \"proc\" },\n"
    "    { \"destination\": \"/dev\", \"type\": \"tmpfs\", \"source\": \"tmpfs\",\n"
    "      \"options\": [\"nosuid\", \"strictatime\", \"mode=755\", \"size=65536k\"] },\n"
    "    { \"destination\": \"/dev/pts\", \"type\": \"devpts\", \"source\": \"devpts\",\n";

static const char pts_options[] =
    "      \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\", \"gid=5\"] },\n";

/* Group 5 is not mapped for an ordinary user. */
static const char pts_options_rootless[] =
    "      \"options\": [\"nosuid\", \"noexec\", \"newinstance\", \"ptmxmode=0666\", \"mode=0620\"] },\n";

static const char shm[] =
    "    { \"destination\": \"/dev/shm\", \"type\": \"tmpfs\", \"source\": \"shm\",\n"
    "      \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"mode=1777\", \"size=65536k\"] },\n"
    "    { \"destination\": \"/dev/mqueue\", \"type\": \"mqueue\", \"source\": \"mqueue\",\n"
    "      \"options\": [\"nosuid\", \"noexec\", \"nodev\"] },\n";

static const char sys[] = "    { \"destination\": \"/sys\", \"type\": \"sysfs\", \"source\": \"sysfs\",\n"
                          "      \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"ro\"] },\n";

/* Without a network namespace of its own, a user namespace may not have a new sysfs. */
static const char sys_rootless[] =
    "    { \"destination\": \"/sys\", \"type\": \"none\", \"source\": \"/sys\",\n"
    "      \"options\": [\"rbind\", \"nosuid\", \"noexec\", \"nodev\", \"rro\"] },\n";

static const char cgroup[] =
    "    { \"destination\": \"/sys/fs/cgroup\", \"type\": \"cgroup\", \"source\": \"cgroup\",\n"
    "      \"options\": [\"nosuid\", \"noexec\", \"nodev\", \"relatime\", \"ro\"] }\n"
    "  ],\n"
    "  \"linux\": {\n";

static const char resources[] =
    "    \"resources\": {\n"
    "      \"devices\": [\n        { \"allow\": false, \"access\": \"rwm\" }\n      ]\n"
    "    },\n"
    "    \"namespaces\": [\n"
    "      { \"type\": \"pid\" },\n      { \"type\": \"network\" },\n      { \"type\": \"ipc\" },\n"
    "      { \"type\": \"uts\" },\n      { \"type\": \"mount\" },\n      { \"type\": \"cgroup\" }\n    ],\n";

static const char tail[] =
    "    \"maskedPaths\": [\n"
    "      \"/proc/acpi\",\n      \"/proc/asound\",\n      \"/proc/kcore\",\n      \"/proc/keys\",\n"
    "      \"/proc/latency_stats\",\n      \"/proc/timer_list\",\n      \"/proc/timer_stats\",\n"
    "      \"/proc/sched_debug\",\n      \"/proc/scsi\",\n      \"/sys/firmware\",\n"
    "      \"/sys/devices/virtual/powercap\"\n    ],\n"
    "    \"readonlyPaths\": [\n"
    "      \"/proc/bus\",\n      \"/proc/fs\",\n      \"/proc/irq\",\n      \"/proc/sys\",\n"
    "      \"/proc/sysrq-trigger\"\n    ]\n"
    "  }\n"
    "}\n";

static void add_rootless_namespaces(struct text *text)
{
    text_add(text,
             "    \"uidMappings\": [\n      { \"containerID\": 0, \"hostID\": %u, \"size\": 1 }\n    ],\n",
             (unsigned) geteuid());
    text_add(text,
             "    \"gidMappings\": [\n      { \"containerID\": 0, \"hostID\": %u, \"size\": 1 }\n    ],\n",
             (unsigned) getegid());
    text_add(
        text,
        "    \"namespaces\": [\n"
        "      { \"type\": \"pid\" },\n      { \"type\": \"ipc\" },\n      { \"type\": \"uts\" },\n"
        "      { \"type\": \"mount\" },\n      { \"type\": \"cgroup\" },\n      { \"type\": \"user\" }\n    ],\n");
}

int ocirt_spec(bool rootless, char **ret_json, struct ocirt_error **ret_error)
{
    struct err err = { 0 };
    autotext struct text text = { 0 };

    text_add(&text, "%s%s%s%s%s", head, rootless ? pts_options_rootless : pts_options, shm,
             rootless ? sys_rootless : sys, cgroup);
    if (rootless)
        add_rootless_namespaces(&text);
    else
        text_add(&text, "%s", resources);
    text_add(&text, "%s", tail);
    if (text_result(&text) < 0)
        return engine_result(err_nomem(&err), &err, ret_error);
    *ret_json = take_ptr(&text.s);
    return 0;
}
