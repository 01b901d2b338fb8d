"""OpenAI's own client for Python, unmodified: prints what it gets from the server at argv[1], token argv[2], as JSON."""

import json
import sys

from openai import APIStatusError, OpenAI

client = OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)
request = {
    "model": "nano",
    "messages": [{"role": "user", "content": "a film about love"}],
    "extra_body": {"tagpr": {"items": [{"description": "a film about robots", "tag": "action"}]}},
}
whole = client.chat.completions.create(**request)
streamed, usage, false = "", None, None
for chunk in client.chat.completions.create(**request, stream=True, stream_options={"include_usage": True}):
    streamed += "".join(choice.delta.content or "" for choice in chunk.choices)
    usage = chunk.usage or usage
    false = (chunk.model_extra or {}).get("tagpr", {}).get("said", false)
try:
    client.chat.completions.create(**request, logprobs=True)
    refused = None
except APIStatusError as error:
    refused = [error.status_code, error.body["param"]]
print(
    json.dumps(
        {
            "content": whole.choices[0].message.content,
            "reasoning": whole.choices[0].message.model_extra["reasoning_content"],
            "streamed": streamed,
            "tokens": [whole.usage.total_tokens, usage.total_tokens],
            "false": false[0]["steps"][0]["false"][0]["fault"],
            "refused": refused,
            "models": [model.id for model in client.models.list()],
            "embedding": client.embeddings.create(model="mini", input="abc").data[0].embedding,
        }
    )
)
