"""Synchronous clients that are used through chains of calls: databases, brokers, stores, vendors' SDKs.

A chain such as `Session().query(User).filter(...).all()` waits in its last call alone, and what stands
between says nothing, so each root lists the last names that wait. Sources: the clients' own documentation.
"""

_DBAPI = frozenset(
    {
        "execute",
        "executemany",
        "executescript",
        "callproc",
        "copy_expert",
        "fetchone",
        "fetchmany",
        "fetchall",
    }
    | {"commit", "rollback"}
)
_CONNECTORS = (
    "sqlite3.connect",
    "psycopg2.connect",
    "psycopg.connect",
    "psycopg.Connection.connect",
    "pymysql.connect",
    "MySQLdb.connect",
    "mysql.connector.connect",
    "pyodbc.connect",
    "oracledb.connect",
    "duckdb.connect",
    "snowflake.connector.connect",
)
_SESSIONS = (
    "sqlalchemy.orm.Session()",
    "sqlalchemy.orm.session.Session()",
    "sqlalchemy.orm.sessionmaker()()",
    "sqlalchemy.orm.sessionmaker().begin()",
    "sqlalchemy.orm.scoped_session()",
    "sqlalchemy.orm.scoped_session()()",
    "sqlmodel.Session()",
)
_IN_SESSION = frozenset(
    {"execute", "exec", "scalar", "scalars", "get", "get_one", "commit", "rollback", "flush", "refresh"}
    | {"bulk_save_objects", "bulk_insert_mappings", "bulk_update_mappings"}
)
_OF_QUERY = frozenset({"all", "first", "one", "one_or_none", "scalar", "count", "delete", "update", "get"})
_ENGINES = (
    "sqlalchemy.create_engine()",
    "sqlalchemy.engine.create_engine()",
    "sqlalchemy.Engine()",
    "sqlalchemy.engine.Engine()",
    "sqlalchemy.engine.Connection()",
    "sqlalchemy.Connection()",
    "sqlmodel.create_engine()",
)
_IN_ENGINE = frozenset({"connect", "begin", "execute", "scalar", "scalars", "exec_driver_sql", "commit"})
_GENERATES = frozenset({"create", "parse", "stream", "retrieve", "list", "delete", "generate", "cancel"})
_OF_STORE = frozenset(
    {"get_bucket", "list_buckets", "create_bucket", "list_blobs", "get_blob", "exists", "reload", "delete"}
    | {"upload_from_string", "upload_from_file", "upload_from_filename"}
    | {
        "download_as_bytes",
        "download_as_string",
        "download_as_text",
        "download_to_file",
        "download_to_filename",
    }
)
_SEARCHES = frozenset(
    {
        "search",
        "index",
        "get",
        "create",
        "update",
        "delete",
        "bulk",
        "count",
        "exists",
        "mget",
        "msearch",
        "info",
    }
)
_DOCUMENTS = frozenset(
    {"find_one", "insert_one", "insert_many", "update_one", "update_many", "delete_one", "delete_many"}
    | {"replace_one", "count_documents", "distinct", "bulk_write", "create_index", "find_one_and_update"}
)
_THREAD = "use `await asyncio.to_thread(...)`"
_DRIVER = f"use the driver's async API, or {_THREAD}"
_ORM = "use sqlalchemy.ext.asyncio's AsyncSession and await the call, or make the handler a plain `def`"

# Root, what may stand between (None: anything), the last names that wait, what to use instead.
_CHAINS: tuple[tuple[tuple[str, ...], str | None, frozenset[str], str], ...] = (
    (tuple(f"{one}()" for one in _CONNECTORS), "", _DBAPI, _DRIVER),
    (tuple(f"{one}().cursor()" for one in _CONNECTORS), "", _DBAPI, _DRIVER),
    (_SESSIONS, "", _IN_SESSION, _ORM),
    (tuple(f"{one}.query()" for one in _SESSIONS), None, _OF_QUERY, _ORM),
    (_ENGINES, "", _IN_ENGINE, _ORM),
    (tuple(f"{one}.{how}()" for one in _ENGINES for how in ("connect", "begin")), "", _IN_ENGINE, _ORM),
    (
        ("openai.OpenAI()", "openai.AzureOpenAI()"),
        None,
        _GENERATES,
        "use openai.AsyncOpenAI and await the call",
    ),
    (("anthropic.Anthropic()",), None, _GENERATES, "use anthropic.AsyncAnthropic and await the call"),
    (("groq.Groq()",), None, _GENERATES, "use groq.AsyncGroq and await the call"),
    (("google.cloud.storage.Client()",), None, _OF_STORE, _THREAD),
    (
        ("google.cloud.bigquery.Client()",),
        None,
        frozenset({"result", "query_and_wait", "get_table"}),
        _THREAD,
    ),
    (
        ("elasticsearch.Elasticsearch()", "opensearchpy.OpenSearch()"),
        None,
        _SEARCHES,
        "use the client's async class and await the call",
    ),
    (
        ("pymongo.MongoClient()", "pymongo.mongo_client.MongoClient()"),
        None,
        _DOCUMENTS,
        "use pymongo.AsyncMongoClient",
    ),
    (
        ("kafka.KafkaProducer()", "confluent_kafka.Producer()"),
        "",
        frozenset({"flush"}),
        "use aiokafka and await the call",
    ),
    (
        ("kafka.KafkaConsumer()", "confluent_kafka.Consumer()"),
        "",
        frozenset({"poll", "consume"}),
        "use aiokafka and await the call",
    ),
    (
        ("paramiko.SSHClient()",),
        None,
        frozenset({"connect", "exec_command", "open_sftp", "get", "put"}),
        _THREAD,
    ),
    (
        (
            "asyncio.run_coroutine_threadsafe()",
            "concurrent.futures.ThreadPoolExecutor().submit()",
            "concurrent.futures.ProcessPoolExecutor().submit()",
        ),
        "",
        frozenset({"result", "exception"}),
        "use `await asyncio.get_running_loop().run_in_executor(pool, ...)`",
    ),
)


def _by_first() -> dict[str, list[tuple[str, str | None, frozenset[str], str]]]:
    found: dict[str, list[tuple[str, str | None, frozenset[str], str]]] = {}
    for roots, between, last, remedy in _CHAINS:
        for root in roots:
            found.setdefault(root.partition(".")[0], []).append((root + ".", between, last, remedy))
    return found


_KNOWN = _by_first()


def remedy_for_chain(name: str) -> str:
    """Return what to use instead of the synchronous call that `name` is; "" when it is not known to wait."""
    for root, between, last, remedy in _KNOWN.get(name.partition(".")[0], ()):
        if name.startswith(root):
            inside, _, method = name[len(root) :].rpartition(".")
            if method in last and (between is None or inside == between):
                return remedy
    return ""
