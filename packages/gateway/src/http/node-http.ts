/**
 * Node's HTTP server. An `import` of `node:http` reads each of its members, and one of them loads Node's own copy of undici,
 * which nothing here uses: a twelfth of the time that a start takes, and some megabytes.
 * @module
 */

export const nodeHttp: typeof import("node:http") = process.getBuiltinModule("node:http");
