"""The strict shape of the OpenAI Responses API, under a base path of its own."""

from cowork_desktop.http.endpoint import Endpoints

endpoints = Endpoints("/v1", tag="OpenAI")
