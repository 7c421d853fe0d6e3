/**
 * Deciding from another thread: worker threads ask through a port, the engine's thread orders, and each answer goes back
 * to whoever asked. There is still one order and one writer.
 * @module
 */

import { MessageChannel, type MessagePort } from "node:worker_threads";
import { CalybrisError, type ErrorCode, type ErrorDetails } from "@calybris/kernel";
import { type Decided, plainDecided } from "./flows/decided.ts";
import type { Engine } from "./engine.ts";
import type { ClientRequest } from "./intake/client-request.ts";

interface Asked {
  readonly id: number;
  readonly request: ClientRequest;
}

type Answered =
  | { readonly id: number; readonly decided: Decided }
  | { readonly id: number; readonly code: ErrorCode; readonly details: ErrorDetails<ErrorCode> }
  | { readonly id: number; readonly problem: string };

/** A port to an engine; transfer it to a worker thread and give it to an {@link EngineClient} there. */
export function enginePort(engine: Engine): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.on("message", ({ id, request }: Asked) => {
    engine.decide(request).then(
      (decided) => port1.postMessage({ id, decided: plainDecided(decided) } satisfies Answered),
      (error: unknown) => port1.postMessage(refusal(id, error)),
    );
  });
  port1.unref();
  return port2;
}

function refusal(id: number, error: unknown): Answered {
  if (error instanceof CalybrisError) return { id, code: error.code, details: error.details };
  return { id, problem: error instanceof Error ? error.message : String(error) };
}

/** The engine as a worker thread sees it. */
export class EngineClient {
  readonly #port: MessagePort;
  readonly #asking = new Map<number, { resolve: (decided: Decided) => void; reject: (error: Error) => void }>();
  #next = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    port.on("message", (answered: Answered) => {
      const asking = this.#asking.get(answered.id);
      this.#asking.delete(answered.id);
      if ("decided" in answered) asking?.resolve(answered.decided);
      else if ("code" in answered) asking?.reject(new CalybrisError(answered.code, answered.details));
      else asking?.reject(new Error(answered.problem));
    });
  }

  /** As {@link Engine.decide}. */
  decide(request: ClientRequest): Promise<Decided> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#asking.set(id, { resolve, reject });
      this.#port.postMessage({ id, request } satisfies Asked);
    });
  }

  close(): void {
    this.#port.close();
  }
}
