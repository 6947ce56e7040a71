"""The same shapes in PyTorch: a post-norm encoder in float16, compiled. Reads a plan, prints rows as JSON."""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F


class Layer(nn.Module):
    def __init__(self, hidden, heads, inner, epsilon):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.out = nn.Linear(hidden, hidden)
        self.attention_norm = nn.LayerNorm(hidden, eps=epsilon)
        self.up = nn.Linear(hidden, inner)
        self.down = nn.Linear(inner, hidden)
        self.norm = nn.LayerNorm(hidden, eps=epsilon)

    def forward(self, x, mask):
        batch, length, hidden = x.shape
        parts = self.qkv(x).view(batch, length, 3, self.heads, hidden // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
        seen = seen.transpose(1, 2).reshape(batch, length, hidden)
        x = self.attention_norm(x + self.out(seen))
        return self.norm(x + self.down(F.gelu(self.up(x))))


class Encoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        hidden, epsilon = config["hiddenSize"], config["layerNormEpsilon"]
        self.words = nn.Embedding(config["vocabularySize"], hidden)
        self.places = nn.Embedding(config["maximumPositions"], hidden)
        self.norm = nn.LayerNorm(hidden, eps=epsilon)
        self.layers = nn.ModuleList(
            Layer(hidden, config["heads"], config["intermediateSize"], epsilon)
            for _ in range(config["layers"])
        )
        self.dense = nn.Linear(hidden, hidden)
        self.score = nn.Linear(hidden, 1)

    def forward(self, ids, mask):
        places = torch.arange(ids.shape[1], device=ids.device)
        x = self.norm(self.words(ids) + self.places(places))
        for layer in self.layers:
            x = layer(x, mask[:, None, None, :])
        return self.score(torch.tanh(self.dense(x[:, 0]))).float()


def main():
    with open(sys.argv[1], encoding="utf8") as file:
        plan = json.load(file)
    device = plan["device"]
    dtype = torch.float16 if device == "cuda" else torch.float32
    model = Encoder(plan["config"]).to(device, dtype).eval()
    forward = torch.compile(model, dynamic=True)
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None
    rows = []
    with torch.inference_mode():
        for item in plan["items"]:
            inputs = []
            for lengths in item["runs"]:
                size = torch.tensor(lengths, device=device)
                shape = (len(lengths), max(lengths))
                ids = torch.randint(5, plan["config"]["vocabularySize"], shape, device=device)
                inputs.append((ids, torch.arange(shape[1], device=device)[None] < size[:, None]))

            def once():
                # The answer is wanted on the host, as a server would.
                for ids, mask in inputs:
                    forward(ids, mask).cpu()
                wait()

            for _ in range(3):
                once()
            took = []
            started = time.perf_counter()
            while len(took) < 5 or time.perf_counter() - started < plan["seconds"]:
                begun = time.perf_counter()
                once()
                took.append(time.perf_counter() - begun)
            took.sort()
            lengths = [length for run in item["runs"] for length in run]
            row = {key: item[key] for key in ("queries", "documents", "maximumTokens")}
            row["rounds"] = len(took)
            row["pairsPerSecond"] = len(lengths) * len(took) / sum(took)
            row["tokensPerSecond"] = sum(lengths) * len(took) / sum(took)
            row["p95Seconds"] = took[-(-95 * len(took) // 100) - 1]
            if device == "cuda":
                row["memoryMib"] = torch.cuda.max_memory_reserved() / 2**20
            rows.append(row)
    print(json.dumps(rows))


main()
