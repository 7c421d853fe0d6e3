/**
 * Node's HTTP server. An `import` of `node:http` reads all its members, and one of them loads Node's copy of undici, which
 * is not used here and takes a twelfth of the startup time and a few megabytes.
 * @module
 */

export const nodeHttp: typeof import("node:http") = process.getBuiltinModule("node:http");
