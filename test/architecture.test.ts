import { posix } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, read, tableRows, withoutComments } from "./sources.ts";

/** Where a package says what it may import besides packages of the house. */
interface Arrows {
  readonly packages: readonly string[];
  readonly node: boolean;
  readonly dependencies: boolean;
}

const MAY_IMPORT = new Map(
  tableRows(between(read("ARCHITECTURE.md"), "<!-- imports -->", "<!-- /imports -->")).map(
    (cells): [string, Arrows] => {
      const [name = "", allowed = ""] = cells;
      const named = [...allowed.matchAll(/`([^`]+)`/g)].map(([, word = ""]) => word);
      return [
        name.replaceAll("`", ""),
        {
          packages: named.filter((word) => word !== "node:*"),
          node: named.includes("node:*"),
          dependencies: allowed.includes("its dependencies"),
        },
      ];
    },
  ),
);

const STAGES = ["router", "journal", "ledger", "regret", "rollout"];
const LINES_MAX = 400;
const SOURCES = filesBelow("", ".ts");
const TESTS = SOURCES.filter((file) => file.endsWith(".test.ts"));

describe("imports", () => {
  test("the table names every package there is", () => {
    const packages = new Set(filesBelow("packages", "package.json").map((path) => path.split("/")[1] ?? ""));
    expect([...packages].filter((name) => !MAY_IMPORT.has(name))).toEqual([]);
  });

  test.each([...MAY_IMPORT])("%s imports only what its row allows", (name, arrows) => {
    const refused = importsOf(`packages/${name}/`)
      .filter(({ file, specifier }) => !isAllowed(name, arrows, file, specifier))
      .map(({ file, specifier }) => `${file} imports ${specifier}`);
    expect(refused).toEqual([]);
  });

  test("stages never import each other; only flows compose them", () => {
    const crossing = importsOf("packages/engine/").filter(({ file, specifier }) => {
      const [from, to] = [stageOf(file), specifier.startsWith(".") ? stageOf(resolve(file, specifier)) : undefined];
      return from !== undefined && to !== undefined && from !== to;
    });
    expect(crossing).toEqual([]);
  });

  test("no file imports itself through others, types included", () => {
    expect(circlesOf(importsOf("packages/"))).toEqual([]);
  });
});

describe("sources", () => {
  test(`no file has more than ${LINES_MAX} lines`, () => {
    const long = SOURCES.map((file) => ({ file, lines: read(file).trimEnd().split("\n").length }));
    expect(long.filter(({ lines }) => lines > LINES_MAX)).toEqual([]);
  });

  test("no file or folder is named for nothing in particular", () => {
    const vague = /(^|\/)(utils?|common|helpers?|types|misc|shared)(\/|\.(?:test\.)?ts$)/;
    expect(SOURCES.filter((file) => vague.test(file))).toEqual([]);
  });

  test("kernel and engine speak of no domain", () => {
    const domain = new Set([
      "model",
      "models",
      "llm",
      "llms",
      "prompt",
      "prompts",
      "courier",
      "couriers",
      "venue",
      "venues",
    ]);
    // The journal's format names one member so; the gateway, which knows what a prompt is, makes it.
    const memberOfTheFormat = /prompt(?=Digest)|PROMPT(?=_DIGEST)|Prompt(?=Digest)|(?<=\()of the prompt(?=\))/g;
    const found = SOURCES.filter((file) => /^packages\/(kernel|engine)\/src\//.test(file)).flatMap((file) =>
      wordsOf(withoutComments(read(file)).replaceAll(memberOfTheFormat, ""))
        .filter((word) => domain.has(word))
        .map((word) => `${file}: ${word}`),
    );
    expect(found).toEqual([]);
  });

  test("the kernel reaches for no platform, clock or chance", () => {
    const reached =
      /\b(?:Buffer|process|document|window|globalThis|navigator|localStorage|performance)\.\w+|\b(?:fetch|require|setTimeout|setInterval)\(|\bDate\.now\b|\bnew Date\b|\bMath\.random\b/g;
    const found = SOURCES.filter((file) => file.startsWith("packages/kernel/src/")).flatMap((file) =>
      [...withoutComments(read(file)).matchAll(reached)].map(([text]) => `${file}: ${text}`),
    );
    expect(found).toEqual([]);
  });

  test("no path leads out of the repository", () => {
    const absolute = new RegExp(
      `["'\`(\\s](?:/(?:${["home", "work", "Users", "root", "tmp", "mnt"].join("|")})/|[A-Z]:\\\\)`,
    );
    const written = [...SOURCES, ...filesBelow("", ".md"), ...filesBelow("", ".json"), ".ci/run"];
    expect(written.filter((file) => absolute.test(read(file)))).toEqual([]);
  });
});

describe("tests", () => {
  test("none runs alone", () => {
    expect(TESTS.filter((file) => /\b(?:test|describe|it)\.only\b/.test(withoutComments(read(file))))).toEqual([]);
  });

  test("a skipped one says why, in a comment on its line or the one above", () => {
    const silent = TESTS.flatMap((file) => {
      const lines = read(file).split("\n");
      return lines.flatMap((line, index) => {
        const skips = /^\s*(?:test|describe|it)\.(?:skip|skipIf|runIf|todo)\b/.test(line);
        const says = line.includes("// ") || /^\s*(?:\/\/|\*|\/\*\*)/.test(lines[index - 1] ?? "");
        return skips && !says ? [`${file}:${index + 1}`] : [];
      });
    });
    expect(silent).toEqual([]);
  });
});

function isAllowed(name: string, arrows: Arrows, file: string, specifier: string): boolean {
  if (specifier.startsWith(".")) {
    const path = resolve(file, specifier);
    return path.startsWith(`packages/${name}/src/`) || path === `packages/${name}/package.json`;
  }
  const ours = /^@calybris\/([a-z]+)(?:\/|$)/.exec(specifier)?.[1];
  if (ours !== undefined) return arrows.packages.includes(ours);
  if (specifier.startsWith("node:")) return arrows.node;
  const dependency = specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
  return arrows.dependencies && dependency in dependenciesOf(name);
}

function dependenciesOf(name: string): Readonly<Record<string, string>> {
  const manifest = JSON.parse(read(`packages/${name}/package.json`)) as { dependencies?: Record<string, string> };
  return manifest.dependencies ?? {};
}

/** Static imports and re-exports begin a line; dynamic ones may be anywhere. */
function importsOf(folder: string): { file: string; specifier: string }[] {
  const pattern =
    /^(?:import\s*|(?:import|export)\b[^;"'`]*?\bfrom\s*)["']([^"'\n]+)["']|\bimport\(\s*["']([^"'\n]+)["']/gm;
  return SOURCES.filter((file) => file.startsWith(folder) && file.includes("/src/")).flatMap((file) =>
    [...withoutComments(read(file)).matchAll(pattern)].map((match) => ({
      file,
      specifier: match[1] ?? match[2] ?? "",
    })),
  );
}

/** Every way from a file back to itself, once; a file is left for good when all that it imports was seen. */
function circlesOf(imports: readonly { readonly file: string; readonly specifier: string }[]): string[] {
  const imported = new Map<string, string[]>();
  for (const { file, specifier } of imports.filter((found) => found.specifier.startsWith("."))) {
    imported.set(file, [...(imported.get(file) ?? []), resolve(file, specifier)]);
  }
  const circles: string[] = [];
  const left = new Set<string>();
  const walk = (file: string, way: readonly string[]): void => {
    const begin = way.indexOf(file);
    if (begin >= 0) circles.push([...way.slice(begin), file].join(" -> "));
    if (begin >= 0 || left.has(file)) return;
    for (const next of imported.get(file) ?? []) walk(next, [...way, file]);
    left.add(file);
  };
  for (const file of imported.keys()) walk(file, []);
  return circles;
}

function resolve(file: string, specifier: string): string {
  return posix.join(posix.dirname(file), specifier);
}

function stageOf(file: string): string | undefined {
  const folder = /^packages\/engine\/src\/([a-z]+)\//.exec(file)?.[1];
  return folder !== undefined && STAGES.includes(folder) ? folder : undefined;
}

/** `selectedModelId` is "selected", "model" and "id". */
function wordsOf(source: string): string[] {
  return source
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/[^a-z]+/);
}

function between(text: string, from: string, to: string): string {
  return text.slice(text.indexOf(from), text.indexOf(to));
}
