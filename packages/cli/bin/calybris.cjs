#!/usr/bin/env node
// The `calybris` command. Old versions of Node can parse this file, so that they print a sentence and not a stack.
"use strict";

require("./supported-node.cjs");
import("../src/main.ts");
