/**
 * The failure of a call.
 * @module
 */

/** The body of an error answer. */
interface ErrorBody {
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
  /** Seconds to wait before a retry, if the service states them. */
  readonly retryAfterSeconds: number | undefined;

  constructor(status: number, error: ErrorBody, retryAfterSeconds?: number) {
    super(error.message);
    this.status = status;
    this.code = error.code;
    this.remedy = error.remedy;
    this.details = error.details;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  /** The error of an unsuccessful answer, which a proxy may have written instead of the service. */
  static async of(response: Response): Promise<ServiceError> {
    const text = await response.text();
    const after = Number(response.headers.get("retry-after") ?? Number.NaN);
    return new ServiceError(response.status, errorIn(text) ?? unknown(response.status), after >= 0 ? after : undefined);
  }
}

function errorIn(text: string): ErrorBody | undefined {
  try {
    const { error } = JSON.parse(text) as { readonly error?: Partial<ErrorBody> };
    if (typeof error?.code !== "string" || typeof error.message !== "string") return undefined;
    return { code: error.code, message: error.message, remedy: error.remedy ?? "", details: error.details ?? {} };
  } catch {
    return undefined;
  }
}

function unknown(status: number): ErrorBody {
  return {
    code: "UNKNOWN",
    message: `something answered with status ${status}, and it was not the decision service`,
    remedy: "Check the address and the network in between.",
    details: {},
  };
}
