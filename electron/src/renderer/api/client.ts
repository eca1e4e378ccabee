/** The one client of the REST API: typed paths, and errors as `ApiError`. */
import createClient from "openapi-fetch";
import { ApiError, toApiError } from "../../shared/apiError";
import type { paths } from "./schema.gen";

export { ApiError, toApiError };

export const UNREACHABLE = "Cowork's server does not answer. It may be starting again.";

async function reach(request: Request): Promise<Response> {
  try {
    return await globalThis.fetch(request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    throw new ApiError(0, "unreachable", UNREACHABLE);
  }
}

export const client = createClient<paths>({ baseUrl: globalThis.location.origin, fetch: reach });

/** The data of an answer; an error answer is thrown as `ApiError`. */
export async function unwrap<T>(
  answer: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<NonNullable<T>> {
  const { data, error, response } = await answer;
  if (!response.ok) throw toApiError(response.status, error);
  return data as NonNullable<T>;
}

/** For answers without a body. */
export async function done(answer: Promise<{ error?: unknown; response: Response }>): Promise<void> {
  const { error, response } = await answer;
  if (!response.ok) throw toApiError(response.status, error);
}

/** The words of any error that a person is shown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
