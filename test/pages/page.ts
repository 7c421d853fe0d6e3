/**
 * A page of documentation as something that runs: its commands, in order, as one shell script.
 *
 * A comment in the page's source says what a reader does not see:
 *
 *     <!-- set-up: COMMANDS -->         what the reader has already, made before the first block
 *     <!-- needs: PATH as NAME -->      a file or folder of the repository that the reader has
 *     <!-- file: NAME -->               the next block, of any language, is the file NAME
 *     <!-- serves -->                   the next block does not end: it runs until the page does
 *     <!-- not run: REASON -->          the next block is not run
 *
 * @module
 */

export interface Page {
  /** The script, with every block that runs. */
  readonly script: string;
  readonly runCount: number;
  /** Files of the repository that are copied first: path and name. */
  readonly needs: readonly (readonly [path: string, name: string])[];
  readonly files: readonly { readonly name: string; readonly text: string }[];
  /** Blocks that are not run, with the reason. */
  readonly skipped: readonly { readonly reason: string; readonly commands: string }[];
  /** Lines that the page says are printed. */
  readonly shown: readonly string[];
  /** Blocks that hold commands and are not marked as such. */
  readonly unmarked: readonly string[];
}

const PART = /<!-- (set-up|needs|file|serves|not run)(?:: ([\s\S]*?))? -->|^( *)```(\S*)\n([\s\S]*?)^ *```$/gm;
/** Languages in which a command would be unseen. */
const SHELLS: readonly string[] = ["", "bash", "console", "shell", "shell-session"];
/** A line that looks like a command. */
const COMMAND = /^(?:\$ )?(?:npx|npm|node|curl|docker|helm|kubectl|systemctl|calybris) /m;

export function parsePage(markdown: string): Page {
  const script: string[] = [];
  const needs: [string, string][] = [];
  const files: { name: string; text: string }[] = [];
  const skipped: { reason: string; commands: string }[] = [];
  const shown: string[] = [];
  const unmarked: string[] = [];
  let runCount = 0;
  let mark: { readonly kind: string; readonly text: string } | undefined;
  for (const [, kind, text = "", indent = "", language = "", body = ""] of markdown.matchAll(PART)) {
    if (kind === "set-up") script.push(text);
    else if (kind === "needs") {
      const [path = "", name = ""] = text.split(" as ");
      needs.push([path, name]);
    } else if (kind !== undefined) mark = { kind, text: text.replace(/\s+/g, " ") };
    else {
      const block = body.replaceAll(new RegExp(`^${indent}`, "gm"), "");
      if (mark?.kind === "not run") skipped.push({ reason: mark.text, commands: block });
      else if (mark?.kind === "file") files.push({ name: mark.text, text: block });
      else if (language === "sh") {
        script.push(mark?.kind === "serves" ? served(block) : block);
        runCount += 1;
      } else if (language === "text") shown.push(...block.trimEnd().split("\n"));
      else if (SHELLS.includes(language) && COMMAND.test(block)) unmarked.push(block);
      mark = undefined;
    }
  }
  return { script: script.join("\n"), runCount, needs, files, skipped, shown, unmarked };
}

/** The reader's other terminal. */
function served(block: string): string {
  return `{ ${block.trim()}\n} &\nuntil curl -sfo served http://127.0.0.1:8787/ready; do kill -0 $! || exit 1; sleep 0.2; done; rm served`;
}
