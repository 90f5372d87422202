/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * complete_bash.c - completion for bash.
 *
 * bash breaks words at "=": --format=json is three words to the script.
 */
#include "cli/complete.h"

static const char begin[] =
    "# bash completion of ocirt, made by: ocirt completion bash\n"
    "# shellcheck shell=bash\n"
    "_ocirt() {\n"
    "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
    "    local command='' root='' options='' words='' files='' ids='' option i\n"
    "    if [[ $current == = ]]; then\n"
    "        current=''\n"
    "    elif [[ $before == = ]]; then\n"
    "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
    "    fi\n"
    "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
    "        option=${COMP_WORDS[i]}\n"
    "        case $option in\n"
    "        -";

static const char middle[] = ")\n"
                             "            [[ ${COMP_WORDS[i + 1]} == = ]] && ((i++))\n"
                             "            ((i++))\n"
                             "            [[ $option == --root ]] && root=${COMP_WORDS[i]}\n"
                             "            ;;\n"
                             "        -*) ;;\n"
                             "        *)\n"
                             "            command=$option\n"
                             "            break\n"
                             "            ;;\n"
                             "        esac\n"
                             "    done\n"
                             "    case $command in\n";

static const char end[] = "    esac\n"
                          "    [[ $current == -* ]] && words=$options ids=''\n"
                          "    [[ $ids ]] && words=$(\"$1\" ${root:+--root \"$root\"} list -q 2>/dev/null)\n"
                          "    COMPREPLY=()\n"
                          "    if [[ $files ]]; then\n"
                          "        compopt -o filenames 2>/dev/null\n"
                          "        mapfile -t COMPREPLY < <(compgen \"$files\" -- \"$current\")\n"
                          "    elif [[ $words ]]; then\n"
                          "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                          "    fi\n"
                          "}\n"
                          "complete -F _ocirt ocirt\n";

static void add_pattern(struct cli_out *out, const struct cli_option *option)
{
    if (option->letter)
        cli_out_add(out, "-%c|", option->letter);
    cli_out_add(out, "--%s", option->name);
}

/* The options before the command whose next word is their value, behind a word that is none. */
static void add_with_value(struct cli_out *out, const struct cli_option *option)
{
    if (!option->placeholder)
        return;
    cli_out_word(out, "|");
    add_pattern(out, option);
}

static void add_value(struct cli_out *out, const struct cli_option *option)
{
    if (!option->placeholder)
        return;
    cli_out_word(out, "        ");
    add_pattern(out, option);
    cli_out_word(out, ") ");
    switch (cli_complete_value(option)) {
    case CLI_COMPLETE_WORDS:
        cli_out_word(out, "words='");
        cli_complete_words(out, option->placeholder);
        cli_out_word(out, "' ;;\n");
        break;
    case CLI_COMPLETE_DIRS: cli_out_word(out, "files=-d ;;\n"); break;
    case CLI_COMPLETE_FILES: cli_out_word(out, "files=-f ;;\n"); break;
    default: cli_out_word(out, ";;\n");
    }
}

static void add_name(struct cli_out *out, const struct cli_option *option)
{
    cli_out_add(out, " --%s", option->name);
}

static void add_arguments(struct cli_out *out, const struct cli_command *command)
{
    switch (cli_complete_argument(command)) {
    case CLI_COMPLETE_IDS: cli_out_word(out, " ids=1"); break;
    case CLI_COMPLETE_WORDS:
        cli_out_word(out, " words='");
        cli_complete_words(out, command->arguments);
        cli_out_word(out, "'");
        break;
    default: break;
    }
}

/* A case of $command. COMMAND is NULL for what stands before it. */
static void add_command(struct cli_out *out, const struct cli_command *command,
                        const struct cli_option *const tables[CLI_TABLES])
{
    cli_out_add(out, "    %s)\n        case $before in\n", command ? command->name : "''");
    cli_complete_each(out, tables, add_value);
    cli_out_word(out, "        *) options='");
    cli_complete_each(out, tables, add_name);
    cli_out_word(out, "'");
    if (command) {
        add_arguments(out, command);
    } else {
        cli_out_word(out, " words='");
        cli_complete_commands(out);
        cli_out_word(out, "'");
    }
    cli_out_word(out, " ;;\n        esac\n        ;;\n");
}

void cli_complete_bash(struct cli_out *out)
{
    static const struct cli_option *const global[CLI_TABLES] = { cli_global_options };

    cli_out_word(out, begin);
    cli_complete_each(out, global, add_with_value);
    cli_out_word(out, middle);
    add_command(out, NULL, global);
    for (const struct cli_command *const *c = cli_commands; *c; c++)
        add_command(out, *c, (*c)->tables);
    cli_out_word(out, end);
}
