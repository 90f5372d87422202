/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * root.c - the root filesystem, and how it becomes "/" (config.md "Root", config-linux.md "Rootfs Mount
 * Propagation").
 */
#include <sched.h>
#include <string.h>
#include <sys/mount.h>

#include "plan/annotations.h"
#include "plan/compile.h"

static const struct {
    uint64_t type;
    bool recursive;
} propagations[] = {
    [OCI_PROPAGATION_UNSET] = { MS_PRIVATE, false },
    [OCI_PROPAGATION_SHARED] = { MS_SHARED, false },
    [OCI_PROPAGATION_RSHARED] = { MS_SHARED, true },
    [OCI_PROPAGATION_SLAVE] = { MS_SLAVE, false },
    [OCI_PROPAGATION_RSLAVE] = { MS_SLAVE, true },
    [OCI_PROPAGATION_PRIVATE] = { MS_PRIVATE, false },
    [OCI_PROPAGATION_RPRIVATE] = { MS_PRIVATE, true },
    [OCI_PROPAGATION_UNBINDABLE] = { MS_UNBINDABLE, false },
    [OCI_PROPAGATION_RUNBINDABLE] = { MS_UNBINDABLE, true },
};

/* In a mount namespace that others use, "/" is theirs. */
static int check_own_namespace(const struct plan *plan, struct err *err)
{
    const struct oci_spec *spec = plan->spec;
    const struct oci_linux *linux = plan_linux(spec);
    int r = 0;

    if (plan_has_namespace(plan, CLONE_NEWNS))
        return 0;
    if (spec->root->readonly)
        r = ERR_AT(err, spec->root, readonly, ERR_NAMESPACE, 0, "a read-only root needs a mount namespace");
    else if (linux->rootfs_propagation)
        r = ERR_AT(err, linux, rootfs_propagation, ERR_NAMESPACE, 0, "this needs a mount namespace");
    if (r < 0)
        err_hint(err, "add { \"type\": \"mount\" } to linux.namespaces");
    return r;
}

/* Annotation org.ocirt.root.overlay: what is written goes to a tmpfs that ends with the container. */
static int compile_overlay(struct plan *plan, struct err *err)
{
    const char *value = plan_annotation(plan->spec, PLAN_ANNOTATION_ROOT_OVERLAY);
    const struct oci_linux *linux = plan_linux(plan->spec);
    int r;

    if (!value)
        return 0;
    plan->root.overlay = true;
    if (strcmp(value, "tmpfs") != 0) {
        r = plan_annotation_error(plan->spec, PLAN_ANNOTATION_ROOT_OVERLAY, ERR_CONFIG_VALUE, err,
                                  "unknown kind of layer \"%s\"", value);
        err_hint(err, "the one kind is \"tmpfs\"");
        return r;
    }
    if (!(plan->namespaces.fresh & CLONE_NEWNS)) {
        r = plan_annotation_error(plan->spec, PLAN_ANNOTATION_ROOT_OVERLAY, ERR_NAMESPACE, err,
                                  "the overlay needs a new mount namespace");
        err_hint(err, "add { \"type\": \"mount\" } to linux.namespaces");
        return r;
    }
    if (linux->mount_label && *linux->mount_label)
        return plan_annotation_error(plan->spec, PLAN_ANNOTATION_ROOT_OVERLAY, ERR_UNSUPPORTED, err,
                                     "the overlay does not go with linux.mountLabel");
    return 0;
}

int plan_root_compile(struct plan *plan, struct err *err)
{
    const struct oci_root *root = plan->spec->root;
    struct plan_root *out = &plan->root;
    enum oci_propagation propagation = plan_linux(plan->spec)->rootfs_propagation;

    if (!root)
        return ERR_AT(err, plan->spec, root, ERR_CONFIG_MISSING, 0,
                      "missing; it says where the root filesystem is");
    if (!*root->path)
        return ERR_AT(err, root, path, ERR_CONFIG_VALUE, 0, "empty");
    out->path = plan_path_below(&plan->arena, plan->options.bundle, root->path);
    if (!out->path)
        return err_nomem(err);
    out->readonly = root->readonly;
    out->propagation = propagations[propagation].type;
    out->propagation_recursive = propagations[propagation].recursive;
    if (!(plan->namespaces.fresh & CLONE_NEWNS))
        out->how = PLAN_ROOT_CHROOT;
    else
        out->how = plan->options.no_pivot ? PLAN_ROOT_MOVE : PLAN_ROOT_PIVOT;
    int r = compile_overlay(plan, err);
    return r < 0 ? r : check_own_namespace(plan, err);
}
