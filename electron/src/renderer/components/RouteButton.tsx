/** A link to another view that looks like a button. */
import { createLink } from "@tanstack/react-router";
import { ButtonLink } from "./Button";

export const RouteButton = createLink(ButtonLink);
