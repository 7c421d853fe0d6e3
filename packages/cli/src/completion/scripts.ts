/**
 * Completion scripts for shells. If no word matches, the shell completes file names, because most arguments are files.
 * @module
 */
import type { Place, Word } from "./words.ts";

export type Shell = "bash" | "zsh" | "fish";

export const SCRIPTS: Readonly<Record<Shell, (places: readonly Place[]) => string>> = { bash, zsh, fish };

function bash(places: readonly Place[]): string {
  return `# calybris completion for bash: source <(calybris completion bash)
_calybris() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} at=calybris word words=
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
      ${descents(places)}) at="$at $word" ;;
    esac
  done
  case "$at $previous" in
${choiceCases(places, (values) => `words="${values.join(" ")}"`)}
    *)
      case "$at" in
${places.map((place) => `        "${place.at}") words="${wordsOf(place).join(" ")}" ;;`).join("\n")}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _calybris calybris`;
}

function zsh(places: readonly Place[]): string {
  const described = ({ word, what }: Word): string => quoted(`${word}:${what.replaceAll(":", "\\:")}`);
  return `#compdef calybris
# calybris completion for zsh: source <(calybris completion zsh)
_calybris() {
  local at=calybris word previous=\${words[CURRENT-1]}
  local -a found
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
      ${descents(places).replaceAll(" | ", "|")}) at="$at $word" ;;
    esac
  done
  case "$at $previous" in
${choiceCases(places, (values) => `found=(${values.map(quoted).join(" ")})`)}
    *)
      case "$at" in
${places.map((place) => `        "${place.at}") found=(${[...place.commands, ...place.options].map(described).join(" ")}) ;;`).join("\n")}
      esac ;;
  esac
  _describe calybris found || _files
}
compdef _calybris calybris`;
}

function fish(places: readonly Place[]): string {
  const lines = places.flatMap((place) => {
    const where = `-n '__calybris_at "${place.at}"'`;
    return [
      ...place.commands.map(
        ({ word, what }) => `complete -c calybris ${where} -f -a ${quoted(word)} -d ${quoted(what)}`,
      ),
      ...place.options.map(({ word, what }) => {
        const choice = place.choices.find(({ option }) => option === word);
        const values = choice === undefined ? "" : ` -x -a ${quoted(choice.values.join(" "))}`;
        return `complete -c calybris ${where} -l ${word.slice(2)}${values} -d ${quoted(what)}`;
      }),
    ];
  });
  return `# calybris completion for fish: calybris completion fish | source
function __calybris_at
  set -l at calybris
  for word in (commandline -opc)[2..]
    switch "$at $word"
      case ${descents(places).replaceAll(" | ", " ")}
        set at "$at $word"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join("\n")}`;
}

/** The words that lead from a command to a subcommand. */
function descents(places: readonly Place[]): string {
  return places
    .slice(1)
    .map(({ at }) => `"${at}"`)
    .join(" | ");
}

function choiceCases(places: readonly Place[], then: (values: readonly string[]) => string): string {
  return places
    .flatMap(({ at, choices }) => choices.map(({ option, values }) => `    "${at} ${option}") ${then(values)} ;;`))
    .join("\n");
}

function wordsOf({ commands, options }: Place): readonly string[] {
  return [...commands, ...options].map(({ word }) => word);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
