/** What the server answers when it refuses, and what is made of it. */

/** An error answer of the server, or no answer at all (`status` 0, `type` "unreachable"). */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: number,
    readonly type: string,
    message: string,
    /** Where in the request the fault is, as `body.cron`. */
    readonly param: string | null = null,
    readonly requestId: string | null = null,
    readonly details: unknown = null,
  ) {
    super(message);
  }

  get isUnreachable(): boolean {
    return this.status === 0;
  }

  /** What is wrong with each field of the body: its name without `body.`, and words. */
  get fields(): Record<string, string> {
    const found: Record<string, string> = {};
    if (Array.isArray(this.details)) {
      for (const detail of this.details as { param?: unknown; message?: unknown }[]) {
        if (typeof detail.param === "string" && typeof detail.message === "string") {
          found[detail.param.replace(/^body\./, "")] ??= detail.message;
        }
      }
    }
    if (this.param?.startsWith("body.")) found[this.param.slice(5)] ??= this.message;
    return found;
  }
}

interface ErrorBody {
  error?: { type?: string; message?: string; param?: string | null; request_id?: string; details?: unknown };
}

export function toApiError(status: number, body: unknown): ApiError {
  const error = (body as ErrorBody | undefined)?.error;
  return new ApiError(
    status,
    error?.type ?? "internal",
    error?.message ?? `The server answered with status ${status}.`,
    error?.param ?? null,
    error?.request_id ?? null,
    error?.details ?? null,
  );
}
