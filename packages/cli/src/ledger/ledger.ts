/**
 * `calybris ledger`: budgets. Commands that change money go through the engine, and the journal records the actor. Commands
 * that show or prove it only read the journal, even while an engine has it open.
 * @module
 */
import { Command } from "commander";
import { ledgerApplyCommand } from "./apply.ts";
import { ledgerGrantCommand } from "./grant.ts";
import { ledgerMoveCommands } from "./move.ts";
import { ledgerProveCommand } from "./prove.ts";
import { ledgerShowCommand } from "./show.ts";
import type { Terminal } from "../terminal/terminal.ts";

export function ledgerCommand(terminal: Terminal): Command {
  const ledger = new Command("ledger")
    .description("apply budgets, grant and settle money, show and prove balances")
    .addCommand(ledgerApplyCommand(terminal))
    .addCommand(ledgerGrantCommand(terminal))
    .addCommand(ledgerShowCommand(terminal))
    .addCommand(ledgerProveCommand(terminal));
  for (const command of ledgerMoveCommands(terminal)) ledger.addCommand(command);
  return ledger;
}
