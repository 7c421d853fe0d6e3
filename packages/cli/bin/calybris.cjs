#!/usr/bin/env node
// The `calybris` command. Old versions of Node can parse this file, so that they print a sentence and not a stack.
"use strict";

require("./supported-node.cjs");
// Compiled code is kept for the next start, which is a quarter faster.
require("node:module").enableCompileCache();

// The journal's lock is a SQLite transaction, which is tested on every supported version. Node calls SQLite experimental on
// each start; that is nothing the reader of our output can act on.
const { emitWarning } = process;
process.emitWarning = (warning, ...rest) => {
  if (!String(warning).startsWith("SQLite is an experimental feature")) emitWarning.call(process, warning, ...rest);
};

import("../src/main.ts");
