/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * complete_zsh.c - completion for zsh: a specification of _arguments for each option.
 */
#include "cli/complete.h"

static const char begin[] =
    "#compdef ocirt\n"
    "# zsh completion of ocirt, made by: ocirt completion zsh\n"
    "_ocirt_ids() {\n"
    "    local -a ids\n"
    "    ids=(${(f)\"$(_call_program ids ocirt ${(kv)opt_args[(I)--root]} list -q)\"})\n"
    "    compadd -a ids\n"
    "}\n"
    "_ocirt() {\n"
    "    local curcontext=$curcontext state line\n"
    "    typeset -A opt_args\n"
    "    _arguments -C -S";

static const char middle[] = " \\\n"
                             "        '1:command:->command' '*::argument:->argument'\n"
                             "    case $state in\n"
                             "    command)\n"
                             "        local -a commands=(";

static const char end[] = "        esac\n"
                          "        ;;\n"
                          "    esac\n"
                          "}\n"
                          "_ocirt \"$@\"\n";

static void add_action(struct cli_out *out, enum cli_complete complete, const char *choices)
{
    switch (complete) {
    case CLI_COMPLETE_WORDS:
        cli_out_word(out, "(");
        cli_complete_words(out, choices);
        cli_out_word(out, ")");
        break;
    case CLI_COMPLETE_DIRS: cli_out_word(out, "_files -/"); break;
    case CLI_COMPLETE_FILES: cli_out_word(out, "_files"); break;
    case CLI_COMPLETE_IDS: cli_out_word(out, "_ocirt_ids"); break;
    default: break;
    }
}

/* '(-b --bundle)'{-b+,--bundle=}'[what it is]:DIR:_files -/' */
static void add_option(struct cli_out *out, const struct cli_option *option)
{
    bool again = option->kind == CLI_LIST || option->kind == CLI_JOINED;
    const char *glued = option->placeholder ? "+" : "", *equal = option->placeholder ? "=" : "";

    cli_out_word(out, " \\\n        ");
    if (again)
        cli_out_word(out, "'*'");
    else if (option->letter)
        cli_out_add(out, "'(-%c --%s)'", option->letter, option->name);
    if (option->letter)
        cli_out_add(out, "{-%c%s,--%s%s}'[", option->letter, glued, option->name, equal);
    else
        cli_out_add(out, "'--%s%s[", option->name, equal);
    cli_complete_quoted(out, option->help, "[]\\");
    cli_out_word(out, "]");
    if (option->placeholder) {
        cli_out_word(out, ":");
        cli_complete_quoted(out, option->placeholder, ":\\");
        cli_out_word(out, ":");
        add_action(out, cli_complete_value(option), option->placeholder);
    }
    cli_out_word(out, "'");
}

static void add_summaries(struct cli_out *out)
{
    for (const struct cli_command *const *c = cli_commands; *c; c++) {
        cli_out_add(out, "\n            '%s:", (*c)->name);
        cli_complete_quoted(out, (*c)->summary, "\\");
        cli_out_word(out, "'");
    }
    cli_out_word(
        out, ")\n        _describe command commands\n        ;;\n    argument)\n        case $line[1] in\n");
}

static void add_command(struct cli_out *out, const struct cli_command *command)
{
    enum cli_complete complete = cli_complete_argument(command);

    cli_out_add(out, "        %s)\n            _arguments -S", command->name);
    cli_complete_each(out, command->tables, add_option);
    if (complete != CLI_COMPLETE_NOTHING) {
        cli_out_word(out, " \\\n        '1:argument:");
        add_action(out, complete, command->arguments);
        cli_out_word(out, "'");
    }
    if (command->max == CLI_ANY_NUMBER)
        cli_out_word(out, " \\\n        '*:::program:_default'");
    cli_out_word(out, "\n            ;;\n");
}

void cli_complete_zsh(struct cli_out *out)
{
    static const struct cli_option *const global[CLI_TABLES] = { cli_global_options };

    cli_out_word(out, begin);
    cli_complete_each(out, global, add_option);
    cli_out_word(out, middle);
    add_summaries(out);
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        add_command(out, *c);
    cli_out_word(out, end);
}
