#!/usr/bin/env node
/**
 * The `calybris` command as a process.
 * @module
 */
import { EXIT, runCalybris } from "./program.ts";
import { processTerminal } from "./terminal/terminal.ts";

// Whoever reads the output may stop reading, as `head` does; that is no fault.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

process.exitCode = await runCalybris(process.argv.slice(2), processTerminal());
// A pipe that an interrupted replay was waiting for would hold the process up.
if (process.exitCode === EXIT.interrupted) process.exit();
