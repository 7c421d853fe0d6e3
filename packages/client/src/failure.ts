/**
 * Why a call has no answer.
 * @module
 */

/** What the service says when it cannot answer. */
interface Told {
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
  readonly details: { readonly [name: string]: unknown };
}

/** The service answered with an error. Switch on `code`; show `message` and `remedy`. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: string;
  readonly status: number;
  readonly remedy: string;
  readonly details: { readonly [name: string]: unknown };
  /** How long to wait before trying again, where the service says so. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, told: Told, retryAfterSeconds?: number) {
    super(told.message);
    this.status = status;
    this.code = told.code;
    this.remedy = told.remedy;
    this.details = told.details;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** From an answer that is none of 200. Whatever stands between may have written it, so it may not be ours. */
  static async of(response: Response): Promise<ServiceError> {
    const text = await response.text();
    const after = Number(response.headers.get("retry-after") ?? Number.NaN);
    return new ServiceError(response.status, toldIn(text) ?? unknown(response.status), after >= 0 ? after : undefined);
  }
}

function toldIn(text: string): Told | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: Partial<Told> };
    if (typeof error?.code !== "string" || typeof error.message !== "string") return undefined;
    return { code: error.code, message: error.message, remedy: error.remedy ?? "", details: error.details ?? {} };
  } catch {
    return undefined;
  }
}

function unknown(status: number): Told {
  return {
    code: "UNKNOWN",
    message: `something answered with status ${status}, and it was not the decision service`,
    remedy: "Check the address, and what stands between here and there.",
    details: {},
  };
}
