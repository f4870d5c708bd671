"""Calls that keep a CPU busy for milliseconds and more, each with where to run it instead."""

from collections.abc import Iterable

_THREAD = "run it by `await asyncio.to_thread(...)`, which frees the loop since the library releases the GIL"
_PROCESS = "run it in a ProcessPoolExecutor by `await loop.run_in_executor(...)`"
_FRAMES = ("read_csv", "read_parquet", "read_json", "read_excel", "read_sql", "read_sql_query", "read_table")
_REMEDIES: dict[str, tuple[str, ...]] = {
    _THREAD: (
        "bcrypt.hashpw",
        "bcrypt.checkpw",
        "bcrypt.kdf",
        "hashlib.pbkdf2_hmac",
        "hashlib.scrypt",
        "passlib.context.CryptContext().hash",
        "passlib.context.CryptContext().verify",
        "passlib.context.CryptContext().verify_and_update",
        "argon2.PasswordHasher().hash",
        "argon2.PasswordHasher().verify",
        "pwdlib.PasswordHash().hash",
        "pwdlib.PasswordHash().verify",
        "pwdlib.PasswordHash.recommended().hash",
        "pwdlib.PasswordHash.recommended().verify",
        "werkzeug.security.generate_password_hash",
        "werkzeug.security.check_password_hash",
        "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key",
        "PIL.Image.open().convert",
        "PIL.Image.open().resize",
        "PIL.Image.open().thumbnail",
        "PIL.Image.open().save",
        "cv2.imread",
        "cv2.imdecode",
        "cv2.imencode",
        "cv2.resize",
        "onnxruntime.InferenceSession",
        "onnxruntime.InferenceSession().run",
        "sentence_transformers.SentenceTransformer",
        "sentence_transformers.SentenceTransformer().encode",
        "sentence_transformers.CrossEncoder().predict",
        "transformers.pipeline",
        "transformers.pipeline()()",
        "torch.load",
        "joblib.load",
        "whisper.load_model",
        "catboost.CatBoost().predict",
        "catboost.CatBoostRanker().predict",
        "catboost.CatBoostClassifier().predict",
        "catboost.CatBoostRegressor().predict",
        "lightgbm.Booster().predict",
        "xgboost.Booster().predict",
        "joblib.load().predict",
        "joblib.load().predict_proba",
        "mlflow.pyfunc.load_model",
        "mlflow.pyfunc.load_model().predict",
        "shutil.make_archive",
        "shutil.unpack_archive",
    ),
    _PROCESS: (
        *(f"pandas.{one}" for one in _FRAMES),
        *(f"polars.{one}" for one in (*_FRAMES, "read_ndjson")),
        "pandas.DataFrame().merge",
        "pandas.DataFrame().groupby",
        "pandas.DataFrame().apply",
        "pandas.DataFrame().to_csv",
        "pandas.DataFrame().to_parquet",
        "pandas.DataFrame().to_excel",
        "pandas.merge",
        "pickle.load",
        "pypdf.PdfReader",
        "fitz.open",
        "docx.Document",
        "openpyxl.load_workbook",
    ),
}
_BY_NAME = {name: remedy for remedy, names in _REMEDIES.items() for name in names}


def remedy_for(meanings: Iterable[str], more: tuple[str, ...] = ()) -> tuple[str, str] | None:
    """Return (name, remedy) when one of a call's meanings is heavy; `more` are policy's own names."""
    for name in meanings:
        if name in _BY_NAME:
            return name, _BY_NAME[name]
        if name in more or any(one.endswith(".") and name.startswith(one) for one in more):
            return name, _THREAD
    return None
