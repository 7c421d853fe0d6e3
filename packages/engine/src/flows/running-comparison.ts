/**
 * The comparison of the staged policy with the active one. It is kept between queries, so that each entry is read once.
 * @module
 */
import { type BeliefEntry, parseEntryBody, parseEntryHead, parseEntryLine } from "@calybris/kernel";
import { type Compared, Comparison, type Gates } from "../rollout/comparison.ts";
import { policiesAt } from "../state/read-entry.ts";
import type { EngineState, PolicyVersion } from "../state/state.ts";

/** The parts of the engine that a comparison needs. */
export interface ComparisonPorts {
  readonly state: EngineState;
  /** The durable lines of the journal from a sequence on: complete lines with their newlines, several per chunk. */
  readonly linesFrom: (sequence: number) => AsyncIterable<Buffer>;
  readonly beliefAt: (sequence: number) => Promise<BeliefEntry>;
}

/** The compared policies, and the gates. */
interface Asked {
  readonly active: PolicyVersion;
  readonly staged: PolicyVersion;
  readonly gates: Gates;
}

/** The comparison of two policies, up to an entry. */
export interface ComparedTo extends Compared {
  /** Sequence of the last entry read. */
  readonly sequence: number;
}

interface Running extends Asked {
  readonly comparison: Comparison;
  /** Sequence of the last entry read. */
  sequence: number;
}

export class RunningComparison {
  readonly #ports: ComparisonPorts;
  #running: Running | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(ports: ComparisonPorts) {
    this.#ports = ports;
  }

  /**
   * Compares two policies up to the last durable entry. Queries are answered one at a time.
   *
   * @throws CalybrisError if an entry since the staging cannot be read; the next query then starts over.
   */
  compare(active: PolicyVersion, staged: PolicyVersion, gates: Gates): Promise<ComparedTo> {
    const compared = this.#last.then(() => this.#compare({ active, staged, gates }));
    this.#last = compared.catch(() => undefined);
    return compared;
  }

  /** Frees the comparison after its policy is no longer staged. */
  forget(): void {
    this.#running = undefined;
  }

  async #compare(asked: Asked): Promise<ComparedTo> {
    const known = this.#running;
    const isSame = known?.active === asked.active && known.staged === asked.staged && known.gates === asked.gates;
    const running = isSame ? known : this.#begin(asked);
    this.#running = undefined;
    await this.#readOn(running);
    this.#running = running;
    return { ...running.comparison.compared(), sequence: running.sequence };
  }

  #begin({ active, staged, gates }: Asked): Running {
    const { snapshot, tierFloors, since } = staged;
    const compared = { snapshot, tierFloors, kernel: this.#ports.state.policies.kernelOf(staged) };
    return { active, staged, gates, comparison: new Comparison(active.snapshot, compared, gates), sequence: since - 1 };
  }

  async #readOn(running: Running): Promise<void> {
    const { state, linesFrom, beliefAt } = this.#ports;
    for await (const piece of linesFrom(running.sequence + 1)) {
      for (const line of piece.toString("utf8").split("\n")) {
        const parsed = parseEntryLine(line);
        if (parsed === undefined) continue;
        const { data, sequence } = parsed;
        running.sequence = sequence;
        const head = parseEntryHead(data);
        if (head?.kind !== "decision" && head?.kind !== "outcome") continue;
        const body = parseEntryBody(head, data, policiesAt(state, head.sequence));
        if (body === undefined) continue;
        const table = body.kind === "decision" ? (body.learning?.belief ?? 0) : 0;
        running.comparison.add(head.sequence, body, table === 0 ? undefined : await beliefAt(table));
      }
    }
  }
}
