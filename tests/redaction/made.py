"""Secrets made by rule at test time: none that looks real stands in this repository."""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
UPPER = string.ascii_uppercase + string.digits


@dataclass(frozen=True)
class Planted:
    """A secret with the text that it stands in."""

    kind: str
    value: str
    source: str


class Maker:
    """Makes secrets from a seed; the same seed makes the same ones."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, letters: str, length: int) -> str:
        """Return letters; with a digit at least where there are digits among them."""
        made = [self._random.choice(letters) for _ in range(length)]
        if "7" in letters and length > 3:
            made[2], made[length // 2] = "7", "3"
        return "".join(made)

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        return self._random.randint(low, high)

    def web_token(self) -> str:
        """Return a JSON web token."""
        parts = [{"alg": "HS256", "typ": "JWT"}, {"sub": self.of(ALNUM, 12), "iat": 1516239022}]
        encoded = [
            base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts
        ]
        return ".".join([*encoded, self.of(ALNUM, 43)])

    def resident(self) -> str:
        """Return a Korean resident's number with its check digit."""
        born = date(1950, 1, 1) + timedelta(days=self.number(0, 25_000))
        front = f"{born:%y%m%d}" + str(self.number(1, 2) + (2 if born.year >= 2000 else 0))
        digits = front + self.of(string.digits, 5)
        weights = (2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5)
        check = (11 - sum(w * int(d) for w, d in zip(weights, digits, strict=True)) % 11) % 10
        return f"{digits[:6]}-{digits[6:]}{check}"

    def key_block(self) -> str:
        """Return the body of a private key."""
        return "\n".join(self.of(ALNUM + "+/", 64) for _ in range(8))


# By shape: the value alone tells.
SHAPES: dict[str, Callable[[Maker], str]] = {
    "aws access key": lambda m: "AKIA" + m.of(UPPER, 16),
    "aws session key": lambda m: "ASIA" + m.of(UPPER, 16),
    "github classic": lambda m: "ghp_" + m.of(ALNUM, 36),
    "github oauth": lambda m: "gho_" + m.of(ALNUM, 36),
    "github server": lambda m: "ghs_" + m.of(ALNUM, 36),
    "github fine-grained": lambda m: "github_pat_" + m.of(ALNUM, 22) + "_" + m.of(ALNUM, 59),
    "gitlab": lambda m: "glpat-" + m.of(ALNUM, 20),
    "json web token": lambda m: m.web_token(),
    "slack bot": lambda m: "xoxb-" + m.of("0123456789", 12) + "-" + m.of(ALNUM, 24),
    "slack user": lambda m: "xoxp-" + m.of("0123456789", 12) + "-" + m.of(ALNUM, 32),
    "slack app": lambda m: "xapp-1-" + m.of(UPPER, 11) + "-" + m.of(ALNUM, 32),
    "stripe live": lambda m: "sk_live_" + m.of(ALNUM, 24),
    "stripe restricted": lambda m: "rk_live_" + m.of(ALNUM, 24),
    "stripe webhook": lambda m: "whsec_" + m.of(ALNUM, 32),
    "twilio key": lambda m: "SK" + m.of(HEX, 32),
    "twilio account": lambda m: "AC" + m.of(HEX, 32),
    "sendgrid": lambda m: "SG." + m.of(ALNUM, 22) + "." + m.of(ALNUM, 43),
    "mailchimp": lambda m: m.of(HEX, 32) + "-us" + str(m.number(1, 20)),
    "npm": lambda m: "npm_" + m.of(ALNUM, 36),
    "pypi": lambda m: "pypi-AgEIcHlwaS5vcmc" + m.of(ALNUM + "-_", 80) + "7",
    "anthropic": lambda m: "sk-ant-api03-" + m.of(ALNUM + "-_", 90) + "A",
    "openai": lambda m: "sk-" + m.of(ALNUM, 20) + "T3BlbkFJ" + m.of(ALNUM, 20),
    "openai project": lambda m: "sk-proj-" + m.of(ALNUM + "-_", 60) + "A",
    "discord": lambda m: "M" + m.of(ALNUM, 24) + "." + m.of(ALNUM, 6) + "." + m.of(ALNUM, 38),
    "telegram": lambda m: m.of("123456789", 9) + ":AA" + m.of(ALNUM, 33),
    "square": lambda m: "sq0csp-" + m.of(ALNUM, 43),
    "artifactory": lambda m: "AKC" + m.of(ALNUM, 70),
    "hugging face": lambda m: "hf_" + m.of(ALNUM, 34),
    "w&b": lambda m: "wandb_v1_" + m.of(ALNUM, 40),
    "databricks": lambda m: "dapi" + m.of(HEX, 32),
    "google key": lambda m: "AIza" + m.of(ALNUM, 35),
    "google secret": lambda m: "GOCSPX-" + m.of(ALNUM, 28),
    "google token": lambda m: "ya29." + m.of(ALNUM, 60),
    "digitalocean": lambda m: "dop_v1_" + m.of(HEX, 64),
    "replicate": lambda m: "r8_" + m.of(ALNUM, 37),
    "groq": lambda m: "gsk_" + m.of(ALNUM, 52),
    "notion": lambda m: "ntn_" + m.of(ALNUM, 46),
    "postman": lambda m: "PMAK-" + m.of(HEX, 24) + "-" + m.of(HEX, 34),
    "new relic": lambda m: "NRAK-" + m.of(UPPER, 27),
    "vault": lambda m: "hvs." + m.of(ALNUM, 40),
    "docker": lambda m: "dckr_pat_" + m.of(ALNUM, 27),
    "shopify": lambda m: "shpat_" + m.of(HEX, 32),
    "mailgun": lambda m: "key-" + m.of(HEX, 32),
    "resident": lambda m: m.resident(),
    "private key": lambda m: (
        "-----BEGIN RSA PRIVATE KEY-----\n" + m.key_block() + "\n-----END RSA PRIVATE KEY-----"
    ),
    "nvidia": lambda m: "nvapi-" + m.of(ALNUM, 60),
}
# By what stands around them: "{}" is the secret.
AROUND: dict[str, tuple[str, Callable[[Maker], str]]] = {
    "postgres": ("postgresql://app:{}@db.example.com:5432/main", lambda m: m.of(ALNUM, 12)),
    "mysql": ("mysql+pymysql://root:{}@127.0.0.1/shop", lambda m: m.of(ALNUM, 10)),
    "mongodb": ("mongodb+srv://u:{}@cluster0.example.net/?w=majority", lambda m: m.of(ALNUM, 14)),
    "redis": ("redis://:{}@cache:6379/0", lambda m: m.of(ALNUM, 16)),
    "amqp": ("amqp://guest:{}@mq:5672//", lambda m: m.of(ALNUM, 11)),
    "basic auth": ("https://bob:{}@example.com/data.csv", lambda m: m.of(ALNUM, 9)),
    "cloudant": ("https://acc:{}@acc.cloudant.com/db", lambda m: m.of(HEX, 64)),
    "slack webhook": (
        "https://hooks.slack.com/services/{}",
        lambda m: "T" + m.of(UPPER, 8) + "/B" + m.of(UPPER, 8) + "/" + m.of(ALNUM, 24),
    ),
    "signed s3": (
        "https://b.s3.amazonaws.com/k?X-Amz-Expires=60&X-Amz-Signature={}",
        lambda m: m.of(HEX, 64),
    ),
    "azure sas": (
        "https://a.blob.core.windows.net/c/f.csv?sv=2022-11-02&sig={}",
        lambda m: m.of(ALNUM, 43) + "%3D",
    ),
    "token in a query": ("https://api.example.com/v1?access_token={}", lambda m: m.of(ALNUM, 24)),
    "azure storage": (
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={};EndpointSuffix=x",
        lambda m: m.of(ALNUM + "+/", 86) + "==",
    ),
    "sql server": ("Server=db;Database=m;User Id=sa;Password={};", lambda m: m.of(ALNUM, 12)),
    "w&b beside its name": ("wandb login {}", lambda m: m.of(HEX, 40)),
    "bearer": ("Authorization: Bearer {}", lambda m: m.of(ALNUM, 24)),
    "basic header": (
        "Proxy-Authorization: Basic {}",
        lambda m: base64.b64encode(f"anna:{m.of(ALNUM, 14)}".encode()).decode(),
    ),
    "api key header": ("X-Api-Key: {}", lambda m: m.of(ALNUM, 32)),
}
# By name: what a cell assigns; "{}" is the secret.
NAMED: dict[str, str] = {
    "password": 'password = "{}"',
    "db password": 'DB_PASSWORD = "{}"',
    "keyword": 'settings = dict(user="bob", password="{}")',
    "api key": 'api_key = "{}"',
    "camel case": 'clientSecret = "{}"',
    "environ": 'import os; os.environ["SERVICE_TOKEN"] = "{}"',
    "dictionary": 'config = {{"host": "h", "passwd": "{}"}}',
    "attribute": 'class C: pass\nc = C(); c.secret_key = "{}"',
    "tuple": 'user, pwd = "bob", "{}"',
    "default": 'def connect(host, password="{}"): return host',
    "comment": "x = 1  # password: {}",
    "aws secret": 'aws_secret_access_key = "{}"',
    "korean password": '비밀번호 = "{}"',
    "korean key": '인증키 = "{}"',
    "env magic": "%env MY_API_KEY={}",
    "shell": "!export DB_PASSWORD={} && echo done",
    "header": 'headers = {{"Authorization": "Bearer {}"}}',
    "basic header's value": 'headers = {{"Authorization": "Basic {}"}}',
    "proxy header": 'f = dict; f().update({{"Proxy-Authorization": "Basic {}"}})',
    "header of another scheme": 'authorization = "{}"',
    "concatenated": 'password2 = ("{}"\n    "")',
    "bytes": 'signing_key = b"{}"',
    "softlayer": 'softlayer_api_key = "{}"',
    "ibm": 'ibm_cloud_iam_key_secret = "{}"',
    "refresh token": 'refresh_token = "{}"',
    "credentials": 'db_credentials = ["{}"]',
    "auth pair": 'f = dict; g = f(auth=("bob", "{}"))',
    "word of a command": 'words = ["tool", "--password", "{}"]',
    "given to a class": 'class Held: __init__ = lambda s, v: None\npassword3 = Held("{}")',
    "rotated": 'import codecs; passwd4 = codecs.decode("{}", "rot13")',
    "joined by the class": 'passwd5 = str.join("", ["{}"])',
    "dictionary of secrets": 'passwords = dict(a="{}")',
    "returned": 'password6 = lambda: "{}"',
}

# By shape once the program runs; "{}" is the part that is secret.
TORN: dict[str, str] = {
    "put together": "x = 'ghp_' + '{}'",
    "side by side": "x = ('ghp_'\n    '{}')",
}


def planted(seed: int) -> list[Planted]:
    """Return one secret of every kind, each as a line of a cell."""
    maker = Maker(seed)
    found = []
    for kind, make in SHAPES.items():
        value = make(maker)
        found.append(Planted(kind, value, f'x = """{value}"""'))
    for kind, (text, make) in AROUND.items():
        value = make(maker)
        found.append(Planted(kind, value, f'address = "{text.format(value)}"'))
    for kind, text in NAMED.items():
        value = maker.of(ALNUM, 18)
        found.append(Planted(kind, value, text.format(value)))
    for kind, text in TORN.items():
        value = maker.of(ALNUM, 36)
        found.append(Planted(kind, value, text.format(value)))
    return found
