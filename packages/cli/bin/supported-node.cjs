// Ends the process with one sentence where Node is too old. Node 10 and later can parse it.
"use strict";

const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`Calybris needs Node 22.18 or later. This is Node ${process.versions.node}.\n`);
  process.exit(1);
}
