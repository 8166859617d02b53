"""Which names mean a secret, in English and Korean, and which only look like it.

A name is *strong* where nearly every value it ever has is a secret (``password``,
``api_key``, ``비밀번호``): all its values are redacted. It is *weak* where as many values are
none (``token`` in a notebook about language, ``secret`` as a column): only values that look
like a credential are. How a value looks is a plain rule (:func:`is_credential`), never a guess
by its entropy.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from jupyter_mlops.redaction.patterns import Pattern
from jupyter_mlops.settings import NOT_SECRET_NAMES_VARIABLE, SECRET_NAMES_VARIABLE

Strength = Literal["strong", "weak"]


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Without any of these in it, in lower case, no name means a secret.
STEMS = ("pass", "pw", "secret", "token", "key", "auth", "cred", "conn", "dsn", "cookie", "jwt")
MAIN_STEMS = ("pass", "pwd", "secret", "token", "key", "auth")
KOREAN_STEMS = ("비밀", "암호", "비번", "토큰", "인증", "패스워드", "시크릿", "주민", "개인키")

_WORD = Pattern(r"[A-Z]{2,}(?![a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_NOUNS = words(
    "password passwords passwd passwds passphrase passphrases passcode passwort pwd secret "
    "credential credentials dsn apikey apikeys apitoken secretkey accesskey privatekey authkey "
    "authtoken accesstoken refreshtoken bearertoken clientsecret connstr connectionstring "
    "userpwd dbpwd"
)
# What stands before "key" or "token" where it opens something.
_OPENS = words(
    "api access secret private auth authentication service account db database client encryption "
    "signing master ssh sas storage shared subscription admin deploy license bearer refresh oauth "
    "session csrf xsrf consumer app application webhook"
)
# What one logs in to: behind it "pass" is no step of a loop.
_LOGS_IN = words(
    "db user smtp ftp sftp mail email admin root mysql postgres pg redis sql ssh login http proxy "
    "mongo rabbit rabbitmq ldap imap account"
)
_WEAK = words("token secret cookie cookies pass pw jwt sessionid secrets auth")
_ENDINGS = ("password", "passwd", "passphrase", "apikey", "secretkey", "accesskey", "authtoken")
# A name that ends in one of these is about a secret, and is none.
_ABOUT = words(
    "strength length len count counts num number size field fields column columns col cols name "
    "names path paths file files filename dir folder type types policy policies hint hints label "
    "labels id ids idx index indices regex pattern env var variable prompt check checks valid "
    "validator required expired expires expiry expiration ttl age max min reset changed updated "
    "format input widget box form message msg error errors manager provider store storage "
    "location url uri endpoint scope scopes limit limits budget usage stats rate mask masks "
    "hash hashes hashed hasher digest salt rounds algorithm algo version status state enabled "
    "exists vocab embedding embeddings probs logits list set dict map mapping sep separator "
    "re rx cls class fn func function callback handler getter loader model schema"
)
# What a request proves itself with, and what stands before that.
_HEADERS = words("authorization proxyauthorization httpauthorization httpproxyauthorization")
_SCHEMES = words("bearer basic token digest apikey negotiate")
_SCHEME = Pattern(r"(?i)(?:bearer|basic|token|digest|apikey|negotiate)\s+(?=\S)")
_ASKS = words("is has no not n num max min total use uses with without show hide forgot")
# Of what a weak name says more: parts of language, and no credential.
_OF_LANGUAGE = words(
    "pad eos bos unk sep cls mask special next prev previous first last start end word sub new "
    "each forward backward bottom top image text input output prompt stop"
)
_KOREAN_STRONG = Pattern(
    r"비밀번호|패스워드|비번|비밀키|개인키|인증키|인증토큰|액세스토큰|접근토큰|암호키|시크릿키|"
    r"암호(?!화|문|학|통화|해독)|주민(?:등록)?번호"
)
_KOREAN_WEAK = Pattern(r"토큰|시크릿")
_KOREAN_ABOUT = Pattern(r"길이|개수|갯수|수$|여부|파일|경로|강도|정책|형식|규칙|이름|번째")

# Values that everybody writes where none is given yet, or that name a kind and no value.
_NO_VALUES = words(
    "none null nil true false str string text object int integer float number bool category "
    "varchar bytes required optional changeme change_me password passwd secret token todo tbd "
    "undefined unknown missing empty hidden redacted masked example dummy placeholder "
    "username user email n/a na nan"
)
_PLACEHOLDER = Pattern(
    r"(?i)<[^>]*>|\[[^\]]*\]|\$?\{+[^}]*\}+|\$\(?\w+\)?|%\(?\w+\)?s?%?|(.)\1*|\.{3,}|"
    r"(?:your|my|the|insert|enter|put|add|paste|replace)[-_ ].*|.*(?:_here|-here| here)"
)
_LETTER = Pattern(r"[^\W\d_]")
_DIGIT = Pattern(r"\d")
_TWO_DIGITS = Pattern(r"\d\D*\d")
_ADDRESSES = Pattern(r"(?i)dsn|conn")
_CARRIES = Pattern(r"(?i)@|key=|pwd=|password=|pass=|token=")
_SPECIAL = Pattern(r"<\W?[\w|]*\W?>|\[\w+\]")


class Names:
    """The rules, with what a user adds to them.

    Parameters
    ----------
    secret
        Further names that mean a secret, whatever the rules say.
    not_secret
        Names that mean none.
    """

    def __init__(self, secret: Iterable[str] = (), not_secret: Iterable[str] = ()) -> None:
        self.secret = frozenset(one.strip().lower() for one in secret if one.strip())
        self.not_secret = frozenset(one.strip().lower() for one in not_secret if one.strip())
        # Where one of these stands in a text, in lower case, a name may mean a secret.
        own = tuple(one for one in sorted(self.secret) if not any(s in one for s in MAIN_STEMS))
        ascii_own = tuple(one.encode() for one in own if one.isascii())
        self.main_stems = (*(one.encode() for one in MAIN_STEMS), *ascii_own)
        self.stems = (*(one.encode() for one in STEMS), *ascii_own)
        # Without any of these in it no text says by name that a value is secret.
        self.quiet_words = (*self.stems, b"://", b"bearer", b"env", b"curl", b"wget")
        self.korean_stems = (*KOREAN_STEMS, *(one for one in own if not one.isascii()))

    def adding(self, secret: Iterable[str], not_secret: Iterable[str]) -> Names:
        """Return these rules with what a notebook's metadata adds to them."""
        if not secret and not not_secret:
            return self
        return Names([*self.secret, *secret], [*self.not_secret, *not_secret])

    def strength(self, name: str) -> Strength | None:
        """Return how surely `name` means a secret, ``None`` if it does not."""
        if self.secret or self.not_secret:
            lower = name.lower()
            if lower in self.not_secret:
                return None
            if lower in self.secret:
                return "strong"
        return strength(name) if len(name) <= 80 else None

    def holds(self, name: str, value: str) -> bool:
        """Tell whether `value` is a secret because `name` is what it is called."""
        found = self.strength(name)
        return found is not None and is_value(name, value, found)


def from_environment(environ: Mapping[str, str] | None = None) -> Names:
    """Return the rules with the names that two environment variables add to them."""
    environ = os.environ if environ is None else environ
    return Names(
        environ.get(SECRET_NAMES_VARIABLE, "").split(","),
        environ.get(NOT_SECRET_NAMES_VARIABLE, "").split(","),
    )


def holds_secrets(path: str) -> bool:
    """Tell whether a file is kept for secrets, by its name alone."""
    return _SECRET_FILE.search(path.replace("\\", "/")) is not None


_SECRET_FILE = Pattern(
    r"(?i)(?:^|/)(?:\.env(?:\.[\w.-]+)?|[\w.-]+\.env|\.?(?:netrc|pgpass|pypirc|npmrc|htpasswd|vault-token)|"
    r"id_(?:rsa|dsa|ecdsa|ed25519)|kaggle\.json|client_secret[\w.-]*\.json|"
    r"(?:service[_-]?account|credentials?|secrets?)[\w-]*(?:\.(?:json|ya?ml|toml|ini|cfg|txt|csv))?|"
    r"[\w.-]+\.(?:pem|key|p12|pfx|keystore|jks|kdbx)|(?:\.aws|\.ssh|\.gnupg|\.docker|\.kube)/.*)$"
)


@lru_cache(maxsize=4096)
def strength(name: str) -> Strength | None:
    """Return how surely `name` means a secret, by the rules alone."""
    lower = name.lower()
    if not any(stem in lower for stem in STEMS):
        return None if name.isascii() else _korean(name)
    parts = [one[0].lower() for one in _WORD.finditer(name) if not one[0].isdigit()]
    if not parts or parts[-1] in _ABOUT or parts[0] in _ASKS:
        return None
    if _is_strong(parts, lower):
        return "strong"
    if parts[-1] in _WEAK and not _OF_LANGUAGE.intersection(parts[:-1]):
        return "weak"
    return None if name.isascii() else _korean(name)


def _is_strong(parts: list[str], lower: str) -> bool:
    if parts == ["secret"] or parts == ["secrets"]:
        return False
    if is_header("".join(parts)):
        return True
    if _NOUNS.intersection(parts) or any(word.endswith(_ENDINGS) for word in parts):
        return True
    for before, word in pairwise(parts):
        if word in ("key", "keys", "token") and before in _OPENS:
            return True
        if (before, word) in {("conn", "str"), ("connection", "string"), ("client", "secret")}:
            return True
    if parts[-1] == "pass" and _LOGS_IN.intersection(parts):
        return True
    return parts[-1] == "pw" or "access_key_id" in lower


def _korean(name: str) -> Strength | None:
    if _KOREAN_ABOUT.search(name):
        return None
    if _KOREAN_STRONG.search(name):
        return "strong"
    return "weak" if _KOREAN_WEAK.search(name) else None


def is_value(name: str, value: str, found: Strength) -> bool:
    """Tell whether `value` can be the secret that a name of this strength means."""
    bare = value.strip()
    if bare.lower() in _SCHEMES:
        return False
    bare = without_scheme(bare)
    if not bare or bare.lower() in _NO_VALUES or _PLACEHOLDER.fullmatch(bare[:200]):
        return False
    if found == "weak":
        return is_credential(bare)
    if name.lower().endswith("pwd") and bare.startswith(("/", "~", ".", "\\")):
        return False  # the working folder, as the shell calls it
    if _ADDRESSES.search(name) and not _CARRIES.search(bare):
        return False  # where a database is, and not how to get in
    # A label or a question: it names the secret in words, and is not it.
    return not (" " in bare and name.strip("_").lower()[:8] in bare.lower())


def is_header(name: str) -> bool:
    """Tell whether a name is that of a header whose value proves who asks."""
    return name.lower().replace("-", "").replace("_", "") in _HEADERS


def without_scheme(value: str) -> str:
    """Return what follows ``Basic`` or ``Bearer`` in the value of such a header."""
    match = _SCHEME.match(value)
    return value if match is None else value[match.end() :]


def is_credential(value: str) -> bool:
    """Tell whether a text looks like a credential: one word, long, of letters and digits."""
    if len(value) < 8 or not value.isprintable() or " " in value or _SPECIAL.fullmatch(value):
        return False
    if value.startswith(("/", "./", "~", "http://", "https://")) or not _LETTER.search(value):
        return False
    return (
        _TWO_DIGITS.search(value) is not None
        or (len(value) >= 12 and _DIGIT.search(value) is not None)
        or len(value) >= 32
    )
