"""The least a proxy can be: Starlette and httpx, bytes in and bytes out. What more ours costs is our own doing.

python benchmarks/passthrough.py http://127.0.0.1:11434"""

from __future__ import annotations

import socket
import sys
from collections.abc import AsyncGenerator

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route


def app(url: str) -> Starlette:
    client = httpx.AsyncClient(base_url=url, timeout=None, trust_env=False)

    async def health(_: Request) -> Response:
        return PlainTextResponse("ok")

    async def chat(request: Request) -> Response:
        post = client.build_request("POST", request.url.path, content=await request.body())
        answer = await client.send(post, stream=True)

        async def bytes_of() -> AsyncGenerator[bytes, None]:
            async for piece in answer.aiter_raw():
                yield piece

        kind = answer.headers["content-type"]
        return StreamingResponse(bytes_of(), media_type=kind, background=BackgroundTask(answer.aclose))

    routes = [Route("/health", health), Route("/v1/chat/completions", chat, methods=["POST"])]
    return Starlette(routes=routes)


def main() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        print(f"http://127.0.0.1:{listener.getsockname()[1]}", flush=True)
        config = uvicorn.Config(app(sys.argv[1]), log_config=None, access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    main()
