"""Clients of other systems: how they are built, what calls leave the process, what merely opens them."""

from collections.abc import Iterable

VERBS = ("get", "post", "put", "patch", "delete", "head", "options", "request")
_HTTPX = ("httpx", "httpx2")
_SQL_SESSIONS = (
    "sqlalchemy.orm.Session()",
    "sqlalchemy.ext.asyncio.AsyncSession()",
    "sqlmodel.Session()",
    "sqlmodel.ext.asyncio.session.AsyncSession()",
    "sqlalchemy.orm.sessionmaker()()",
    "sqlalchemy.ext.asyncio.async_sessionmaker()()",
)
_CONNECTIONS = (
    "sqlite3.connect()",
    "aiosqlite.connect()",
    "psycopg.connect()",
    "psycopg.AsyncConnection.connect()",
    "psycopg2.connect()",
    "asyncpg.connect()",
    "asyncpg.create_pool()",
    "asyncpg.Connection()",
    "asyncpg.Pool()",
    "asyncpg.pool.Pool()",
    "sqlalchemy.create_engine().connect()",
    "sqlalchemy.engine.Connection()",
    "sqlalchemy.ext.asyncio.AsyncConnection()",
    "sqlite3.Connection()",
    "psycopg.Connection()",
    "psycopg.AsyncConnection()",
)
_REDIS = tuple(
    f"{library}.{maker}"
    for library in ("redis", "redis.asyncio", "aioredis", "valkey", "valkey.asyncio")
    for maker in ("Redis", "StrictRedis", "from_url", "Redis.from_url", "Valkey", "RedisCluster")
)
# What a client is built by: each pools connections, so that one should serve the whole process.
CLIENTS = frozenset(
    {
        *(f"{library}.{kind}" for library in _HTTPX for kind in ("Client", "AsyncClient")),
        "aiohttp.ClientSession",
        "requests.Session",
        "requests.session",
        "urllib3.PoolManager",
        *_REDIS,
        "grpc.insecure_channel",
        "grpc.secure_channel",
        "grpc.aio.insecure_channel",
        "grpc.aio.secure_channel",
        "boto3.client",
        "boto3.resource",
        "pymongo.MongoClient",
        "pymongo.AsyncMongoClient",
        "motor.motor_asyncio.AsyncIOMotorClient",
        "elasticsearch.Elasticsearch",
        "elasticsearch.AsyncElasticsearch",
        "sqlalchemy.create_engine",
        "sqlalchemy.ext.asyncio.create_async_engine",
        "asyncpg.create_pool",
        "psycopg_pool.ConnectionPool",
        "psycopg_pool.AsyncConnectionPool",
        "openai.OpenAI",
        "openai.AsyncOpenAI",
        "openai.AzureOpenAI",
        "openai.AsyncAzureOpenAI",
        "anthropic.Anthropic",
        "anthropic.AsyncAnthropic",
        "google.cloud.storage.Client",
        "google.cloud.bigquery.Client",
        "kafka.KafkaProducer",
        "aiokafka.AIOKafkaProducer",
        "qdrant_client.QdrantClient",
        "qdrant_client.AsyncQdrantClient",
    }
)
HTTP_CALLS = frozenset(
    {
        *(f"requests.{verb}" for verb in VERBS),
        *(f"requests.{maker}().{verb}" for maker in ("Session", "session") for verb in (*VERBS, "send")),
        *(
            f"{library}.{owner}{verb}"
            for library in _HTTPX
            for owner in ("", "Client().", "AsyncClient().")
            for verb in (*VERBS, "send", "stream")
        ),
        *(f"aiohttp.ClientSession().{verb}" for verb in (*VERBS, "ws_connect")),
        "aiohttp.request",
        "urllib.request.urlopen",
        "urllib.request.urlretrieve",
        "urllib3.request",
        "urllib3.PoolManager().request",
    }
)
_QUERIES = frozenset(
    {
        *(
            f"{owner}.{method}"
            for owner in _SQL_SESSIONS
            for method in ("execute", "scalar", "scalars", "get", "exec", "refresh", "stream")
        ),
        *(
            f"{owner}.{method}"
            for owner in _CONNECTIONS
            for method in ("execute", "executemany", "fetch", "fetchrow", "fetchval", "execute_fetchall")
        ),
    }
)
_STORES = frozenset(
    f"{owner}().{method}"
    for owner in _REDIS
    for method in (
        *("get", "set", "mget", "mset", "hget", "hset", "hgetall", "hmget", "delete", "exists", "incr"),
        *("expire", "lpush", "rpush", "lrange", "sadd", "smembers", "zadd", "zrange", "publish", "setex"),
    )
)


def outbound(meanings: Iterable[str]) -> str | None:
    """Return the first of a call's meanings that waits for another system, or None."""
    for name in meanings:
        if name in HTTP_CALLS or name in _QUERIES or name in _STORES or is_stub_call(name):
            return name
    return None


def is_stub_call(name: str) -> bool:
    """Whether the name is a remote procedure of a generated gRPC stub."""
    owner, _, method = name.rpartition(".")
    module, _, stub = owner.rpartition(".")
    return method[:1].isupper() and module.endswith("_pb2_grpc") and stub.endswith("Stub()")


def client(meanings: Iterable[str]) -> str | None:
    """Return the first of a call's meanings that builds a client with a pool of its own, or None."""
    return next((name for name in meanings if name in CLIENTS), None)


def opens_connection(name: str) -> bool:
    """Whether a call of that name opens a connection to a database or a host."""
    return f"{name}()" in _CONNECTIONS or name in {
        "smtplib.SMTP",
        "ftplib.FTP",
        "paramiko.SSHClient().connect",
    }
