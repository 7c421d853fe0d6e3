/**
 * The manifest of a package as it is published. In the checkout a package runs its sources; what is published is compiled,
 * because Node strips no types below `node_modules`. npm ignores `publishConfig.exports`, so the manifest is rewritten.
 * @module
 */

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly exports?: Readonly<Record<string, string>>;
  readonly bin?: Readonly<Record<string, string>>;
  /** Files published as they are. Compiled code is added. */
  readonly files?: readonly string[];
  /** Single files of development dependencies that are published, by their path in the package. */
  readonly bundled?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly [key: string]: unknown;
}

/** Members that speak of the checkout only. */
const UNPUBLISHED = new Set(["private", "scripts", "devDependencies", "bundled"]);

/**
 * The manifest that goes to the registry: compiled entry points with their types, and no member that speaks of the checkout.
 *
 * @param sources - the folder of the package's sources, relative to the package.
 * @example
 * ```ts
 * const source = { name: "a", version: "1.0.0", description: "", exports: { ".": "./src/index.ts" } };
 * publishedManifest(source, "src").exports; // { ".": { types: "./dist/index.d.ts", default: "./dist/index.js" } }
 * ```
 */
export function publishedManifest(source: Manifest, sources: string | undefined): Readonly<Record<string, unknown>> {
  const kept = Object.entries(source).filter(([key]) => !UNPUBLISHED.has(key));
  const compiled = sources === undefined ? [] : ["dist"];
  return {
    ...Object.fromEntries(kept),
    ...(source.exports === undefined ? {} : { exports: publishedExports(source.exports, sources) }),
    files: [...compiled, ...(source.files ?? []), ...Object.keys(source.bundled ?? {}), "NOTICE"],
    sideEffects: source["sideEffects"] ?? false,
    publishConfig: { access: "public", provenance: true },
  };
}

function publishedExports(exports: Readonly<Record<string, string>>, sources: string | undefined): object {
  const entries = Object.entries(exports).map(([entry, file]) => {
    if (!file.endsWith(".ts")) return [entry, file];
    const path = compiledPath(file, sources ?? "").slice(0, -".js".length);
    return [entry, { types: `${path}.d.ts`, default: `${path}.js` }];
  });
  return Object.fromEntries(entries) as object;
}

/** `./src/a/b.ts` is published as `./dist/a/b.js`. */
function compiledPath(file: string, sources: string): string {
  const inside = sources === "" ? file.replace(/^\.\//, "") : file.replace(`./${sources}/`, "");
  return `./dist/${inside.replace(/\.ts$/, ".js")}`;
}
