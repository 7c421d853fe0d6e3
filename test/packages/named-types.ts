/**
 * Which types a caller of a package would meet in signatures without being able to name them.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * Reads the declarations that an index re-exports. A constructor is not looked at: what has one that takes parts of its
 * package is made by the package.
 *
 * @param folder - the compiled package.
 * @returns `Declaration: Type` for each type of the package that the index does not export.
 */
export function unnamedTypes(folder: string): readonly string[] {
  const index = readFileSync(join(folder, "index.d.ts"), "utf8");
  const exported = new Set(
    [...index.matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = ""]) => namesIn(list)),
  );
  const files = new Set([...index.matchAll(/from "\.\/([^"]+)\.js"/g)].map(([, file = ""]) => file));
  return [...files].flatMap((file) => {
    const text = readFileSync(join(folder, `${file}.d.ts`), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    const imports = [...text.matchAll(/^import (?:type )?\{([^}]*)\} from "\.[^"]*"/gm)];
    const own = [...text.matchAll(/^export (?:declare )?(?:interface|type|class) (\w+)/gm)].map(
      ([, name = ""]) => name,
    );
    const types = [...imports.flatMap(([, list = ""]) => namesIn(list)), ...own].filter((name) => !exported.has(name));
    return declarationsIn(text)
      .filter(({ name }) => exported.has(name))
      .flatMap(({ name, body }) =>
        types.filter((type) => new RegExp(`\\b${type}\\b`).test(body)).map((type) => `${name}: ${type}`),
      );
  });
}

function declarationsIn(text: string): readonly { readonly name: string; readonly body: string }[] {
  return text.split(/^(?=export )/m).map((declaration) => ({
    name: /^export (?:declare )?(?:interface|type|class|function|const) (\w+)/.exec(declaration)?.[1] ?? "",
    body: declaration.replace(/\bconstructor\([^;]*;/g, ""),
  }));
}

function namesIn(list: string): readonly string[] {
  return list.split(",").flatMap((name) => name.trim().replace(/^type /, "") || []);
}
