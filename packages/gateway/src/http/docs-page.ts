/**
 * The documentation as a page: the OpenAPI document, rendered by Redoc. Every script and style comes from this service.
 *
 * Redoc 2 works with a content security policy without `unsafe-inline`; Scalar and Redoc 3 do not, and Redoc 3 reports usage
 * to its vendor. Only the bundle is published, not the package with its dependencies.
 * @module
 */
import { hash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

export interface DocsPage {
  readonly html: string;
  /** Allows scripts of this service, and the page's own style. */
  readonly contentSecurityPolicy: string;
}

/** Paths of the page's scripts. */
export const DOCS_SCRIPTS = { redoc: "/docs/redoc.js", start: "/docs/start.js" } as const;

/** Starts Redoc. It is a file because the page's content security policy forbids inline scripts. */
export const START_SCRIPT = `Redoc.init("/openapi.json", {
  hideDownloadButton: false,
  hideHostname: true,
  jsonSamplesExpandLevel: 3,
  nativeScrollbars: true,
  requiredPropsFirst: true,
  theme: {
    sidebar: { width: "280px" },
    typography: { fontFamily: "system-ui, sans-serif", headings: { fontFamily: "system-ui, sans-serif" } },
  },
}, document.getElementById("docs"));
`;

const STYLE = "body { margin: 0; } noscript { display: block; font: 16px/1.5 system-ui, sans-serif; padding: 2rem; }";
/** Redoc's styled-components add rules to an empty style element; its search marks matches with the second. */
const REDOC_STYLES: readonly string[] = [hash("sha256", "", "base64"), "QMIg+bpjm3JdElJ388KYke01izlUW0UoNOeKjpMxdgc="];

export function docsPage(title: string): DocsPage {
  const html = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head><body>
<noscript>This page needs JavaScript. The same for programs: <a href="/openapi.json">/openapi.json</a>.</noscript>
<div id="docs"></div>
<script src="${DOCS_SCRIPTS.redoc}"></script><script src="${DOCS_SCRIPTS.start}"></script>
</body></html>
`;
  const styles = [hash("sha256", STYLE, "base64"), ...REDOC_STYLES].map((digest) => `'sha256-${digest}'`);
  const contentSecurityPolicy = [
    "default-src 'none'",
    "script-src 'self'",
    // Redoc's search runs in a worker created from its own bundle.
    "worker-src blob:",
    `style-src ${styles.join(" ")}`,
    "img-src data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  return { html, contentSecurityPolicy };
}

/** Beside the compiled code of a published package. */
const PUBLISHED_BUNDLE = join(import.meta.dirname, "..", "..", "assets", "redoc.standalone.js");
/** The bundle's only reference to another host. The page shows no logo. */
const LOGO = "https://cdn.redoc.ly/redoc/logo-mini.svg";

let bundle: Buffer | undefined;

/** Redoc's bundle, read on first use. */
export function redocBundle(): Buffer {
  const require = createRequire(import.meta.url);
  const file = existsSync(PUBLISHED_BUNDLE) ? PUBLISHED_BUNDLE : require.resolve("redoc/bundles/redoc.standalone.js");
  bundle ??= Buffer.from(readFileSync(file, "utf8").replace(LOGO, "data:,"));
  return bundle;
}
