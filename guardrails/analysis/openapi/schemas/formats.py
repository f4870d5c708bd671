"""What the formats and encodings of strings and numbers say, as patterns and ranges.

A pattern takes at least what its format takes, so that what it refuses the format refuses too.
"""

RANGES = {
    "int32": (-(2**31), 2**31 - 1),
    "int64": (-(2**63), 2**63 - 1),
    "float": (-3.4028234663852886e38, 3.4028234663852886e38),
}
MEANINGLESS = {"double", "binary", "password"}
_HEX = "[0-9a-fA-F]"
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_HOUR = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?([zZ]|[+-][0-9]{2}:[0-9]{2})"
_OCTET = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_LABEL = "[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?"
_BASE64 = r"^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"
FORMATS = {
    "date": f"^{_DAY}$",
    "time": f"^{_HOUR}$",
    "date-time": f"^{_DAY}[tT]{_HOUR}$",
    "uuid": f"^{_HEX}{{8}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{4}}-{_HEX}{{12}}$",
    "ipv4": rf"^({_OCTET}\.){{3}}{_OCTET}$",
    "email": r"^[^@\s]+@[^@\s]+$",
    "uri": r"^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]*$",
    "byte": _BASE64,
    "hostname": rf"^{_LABEL}(\.{_LABEL})*$",
    "ipv6": "^[0-9a-fA-F.]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*$",
    "duration": "^P([0-9]+W|[0-9YMD]*[0-9]+[YMD](T([0-9]+[HMS])+)?|T([0-9]+[HMS])+)$",
    "json-pointer": "^(/([^~/]|~[01])*)*$",
    "relative-json-pointer": "^(0|[1-9][0-9]*)(#|(/([^~/]|~[01])*)*)$",
    "uri-reference": r"^[^\s\\<>^`{|}\"]*$",
    "iri": r"^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]*$",
    "iri-reference": r"^[^\s\\<>^`{|}\"]*$",
    "idn-email": r"^[^@\s]+@[^@\s]+$",
}
ENCODINGS = {
    "base64": _BASE64,
    "base64url": "^[A-Za-z0-9_-]*={0,2}$",
    "base32": "^[A-Z2-7]*={0,6}$",
    "base16": "^([0-9a-fA-F]{2})*$",
    "quoted-printable": r"^([\t\r\n !-<>-~]|=[0-9A-F]{2}|=\r?\n)*$",
}
