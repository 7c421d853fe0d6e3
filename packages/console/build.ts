/**
 * Builds the pages: each is a single HTML file with its styles, its code and that of its worker.
 * @module
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

const FOLDER = join(import.meta.dirname, "verify");

/** The page as HTML text. */
export async function verifyPage(): Promise<string> {
  const worker = await bundled("worker.ts", "iife", {});
  const script = await bundled("main.ts", "esm", { WORKER_CODE: JSON.stringify(worker) });
  const [page, style] = await Promise.all(
    ["page.html", "style.css"].map((name) => readFile(join(FOLDER, name), "utf8")),
  );
  // The code must not contain anything that ends the script element.
  const safe = script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");
  const hash = createHash("sha256").update(safe).digest("base64");
  const policy = [
    "default-src 'none'",
    "style-src 'unsafe-inline'",
    `script-src 'sha256-${hash}' 'wasm-unsafe-eval' blob:`,
    "worker-src blob:",
    "form-action 'none'",
    "base-uri 'none'",
  ].join("; ");
  return (page ?? "")
    .replace('content=""', () => `content="${policy}"`)
    .replace("<style></style>", () => `<style>${style}</style>`)
    .replace("></script>", () => `>${safe}</script>`);
}

async function bundled(
  file: string,
  format: "esm" | "iife",
  define: Readonly<Record<string, string>>,
): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(FOLDER, file)],
    bundle: true,
    write: false,
    format,
    platform: "browser",
    target: "es2023",
    minify: true,
    legalComments: "none",
    define: { ...define },
    logLevel: "warning",
  });
  return outputFiles[0]?.text ?? "";
}

/** Writes the pages to a folder. */
export async function buildPages(target: string): Promise<void> {
  await mkdir(target, { recursive: true });
  await writeFile(join(target, "verify.html"), await verifyPage());
}

if (import.meta.main) await buildPages(join(import.meta.dirname, "dist"));
