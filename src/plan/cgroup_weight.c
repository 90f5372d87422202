/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * cgroup_weight.c - weights of cgroup v1 as those of v2.
 *
 * The formula for the CPU needs a logarithm and a power.  They are computed here, since the mathematical
 * library would be loaded at every start of the program: its archive links into fully static programs only.
 */
#include <stdint.h>

#include "plan/cgroup.h"
#include "plan/cgroup_resources.h"

/*
 * ln(1 + x) - ln(1 - x) = 2 (x + x^3/3 + ...), for x up to 1/3: 20 terms are exact to the last bits of a
 * double.
 */
static double logarithm_of_ratio(double x)
{
    double sum = 0, power = x;

    for (int i = 1; i < 40; i += 2) {
        sum += power / i;
        power *= x * x;
    }
    return 2 * sum;
}

static double log_2(uint64_t n)
{
    int whole = 63 - __builtin_clzll(n);
    double rest = (double) n / (double) (UINT64_C(1) << whole); /* 1 to 2 */

    return whole + logarithm_of_ratio((rest - 1) / (rest + 1)) / logarithm_of_ratio(1 / 3.0);
}

static double power_of_10(double y)
{
    double x = y, sum = 1, term = 1;
    int halved = 0;

    x *= 3 * logarithm_of_ratio(1 / 3.0) + logarithm_of_ratio(1 / 9.0); /* ln 10 = 3 ln 2 + ln 5/4 */
    for (; x > 0.5; halved++)
        x /= 2;
    for (int i = 1; i < 20; i++) {
        term *= x / i;
        sum += term;
    }
    while (halved--)
        sum *= sum;
    return sum;
}

/*
 * Where shares 2, 1024 and 262144 become weights 1, 100 and 10000: 10^((l^2 + 125 l) / 612 - 7/34), l =
 * log2(shares), as runc and crun convert since 2025.  What exceeds a whole number only by the error of
 * computing is that number.
 */
uint64_t plan_cgroup_cpu_weight(uint64_t shares)
{
    double l, weight;
    uint64_t whole;

    if (shares == 0)
        return 0;
    if (shares <= 2)
        return 1;
    if (shares >= 262144)
        return 10000;
    l = log_2(shares);
    weight = power_of_10((l * l + 125 * l) / 612.0 - 7.0 / 34.0);
    whole = (uint64_t) weight;
    return weight - (double) whole > 1e-9 ? whole + 1 : whole;
}

uint64_t plan_cgroup_io_weight(uint64_t weight)
{
    if (weight == 0)
        return 0;
    if (weight <= 10)
        return 1;
    if (weight >= 1000)
        return 10000;
    return 1 + (weight - 10) * 9999 / 990;
}
