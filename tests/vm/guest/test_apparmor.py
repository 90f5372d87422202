#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""process.apparmorProfile with a kernel that enforces it."""

import errno

from ocitest import main

from guesthost import GuestTest, load_profile

PROFILE = """
profile ocirt-test flags=(attach_disconnected,mediate_deleted) {
  file,
  signal,
  capability,
  deny /secret rw,
}
profile ocirt-test-other flags=(attach_disconnected,mediate_deleted) {
  file,
  signal,
  capability,
  deny /other rw,
}
"""


class AppArmor(GuestTest):
    def setUp(self):
        super().setUp()
        self.addCleanup(load_profile(PROFILE))

    def confined(self, *words, profile="ocirt-test"):
        config = self.config(*words)
        config["process"]["apparmorProfile"] = profile
        made = self.bundle(config)
        made.put("secret", "s")
        made.put("other", "o")
        return self.container(made=made)

    def test_the_profile_is_in_force(self):
        container = self.confined("read", "/secret", "--", "read", "/other", "--", "read", "/proc/self/attr/current")
        secret, other, current = self.assertOk(container.run()).lines()
        self.assertErrno(secret, errno.EACCES)
        self.assertErrno(other, 0)
        self.assertIn("ocirt-test (enforce)", str(current))

    def test_exec_has_it_too(self):
        container = self.confined("wait-term")
        self.assertOk(container.create())
        self.assertOk(container.start())
        line, = self.assertOk(container.exec("ID", "/probe", "read", "/secret")).lines()
        self.assertErrno(line, errno.EACCES)

    def test_exec_with_another(self):
        container = self.confined("wait-term")
        self.assertOk(container.create())
        self.assertOk(container.start())
        secret, other = self.assertOk(container.exec("--apparmor", "ocirt-test-other", "ID", "/probe", "read", "/secret", "--",
                                                     "read", "/other")).lines()
        self.assertErrno(secret, 0)
        self.assertErrno(other, errno.EACCES)

    def test_with_no_new_privileges(self):
        container = self.confined("read", "/secret")
        self.assertErrno(self.assertOk(container.run()).lines()[0], errno.EACCES)

    def test_unconfined(self):
        container = self.confined("read", "/secret", profile="unconfined")
        self.assertErrno(self.assertOk(container.run()).lines()[0], 0)

    def test_an_unknown_profile_is_refused(self):
        container = self.confined("say", "x", profile="ocirt-no-such-profile")
        result = container.run()
        self.assertNotEqual(result.rc, 0)
        self.assertIn("ocirt-no-such-profile", result.err)


if __name__ == "__main__":
    main()
