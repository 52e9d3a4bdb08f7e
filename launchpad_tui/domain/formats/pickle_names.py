"""The risk of functions and classes in a pickle, and the names that common libraries use."""

from __future__ import annotations

import re
import sys
from _compat_pickle import IMPORT_MAPPING
from enum import StrEnum


class Risk(StrEnum):
    """The risk of a name that loading a pickle would import and call.

    Widespread libraries restore their data with ``COMMON`` names. ``UNKNOWN`` names are not known
    to be safe: loading the pickle runs their code.
    """

    DANGEROUS = "DANGEROUS"
    UNKNOWN = "unknown"
    COMMON = "common"


#: names of the standard library that restore data and do nothing else
_SAFE_STANDARD = {
    "collections": {"OrderedDict", "defaultdict", "Counter", "deque"},
    "datetime": {"date", "datetime", "time", "timedelta", "timezone"},
    "decimal": {"Decimal"},
    "fractions": {"Fraction"},
    "uuid": {"UUID", "SafeUUID"},
    "zoneinfo": {"ZoneInfo._unpickle"},
    "pathlib": {"Path", "PosixPath", "PurePath", "PurePosixPath", "PureWindowsPath", "WindowsPath"},
    "array": {"array", "_array_reconstructor"},
    "copyreg": {"_reconstructor", "__newobj__", "__newobj_ex__"},
    "_codecs": {"encode"},
    "re": {"_compile"},
    "random": {"Random"},
    "types": {"SimpleNamespace"},
    "enum": {"Enum", "IntEnum", "StrEnum"},
}
_SAFE_BUILTINS = frozenset(
    {
        *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list"),
        *("object", "range", "set", "slice", "str", "tuple", "Ellipsis", "NotImplemented"),
    }
)
#: names with which common libraries restore arrays, tensors and estimators
_COMMON = re.compile(
    r"""
    numpy\.(core|_core)\.(multiarray\.(_reconstruct|scalar)|numeric\._frombuffer)
    | numpy\.(ndarray|dtype|matrix|recarray|void|bool_?|str_|bytes_|datetime64|timedelta64)
    | numpy\.(u?int|float|complex)(8|16|32|64|128|_)?
    | numpy\.dtypes\.\w+DType
    | numpy\.ma\.core\.(MaskedArray|_mareconstruct)
    | numpy\.random\.bit_generator\.(SeedSequence|__pyx_unpickle_SeedSequence)
    | numpy\.random\._pickle\.__(randomstate|generator|bit_generator)_ctor
    | numpy\.random\._(mt19937\.MT19937|pcg64\.PCG64|philox\.Philox|sfc64\.SFC64)
    | joblib\.numpy_pickle\.NumpyArrayWrapper
    | torch\._utils\._rebuild_\w+
    | torch\._tensor\._rebuild_from_type_v2
    | torch\.(\w+Storage|storage\.\w*Storage|Size|device|Tensor|BFloat16Tensor)
    | torch\.(float|bfloat|complex|int|uint)\d+ | torch\.(float8_\w+|half|double|long|short|bool)
    | torch\.serialization\._get_layout
    | torch\.nn\.parameter\.(Parameter|Buffer)
    | torch\.nn\.modules\.[a-z_]+\.[A-Z]\w*
    | scipy\.sparse\._\w+\.\w+_(matrix|array)
    | pandas\.core\.(frame\.DataFrame|series\.Series|internals\.\w+\.\w+|indexes\.\w+\.\w+)
    | pandas\._libs\.(internals\._unpickle_block|arrays\.__pyx_unpickle_NDArrayBacked)
    | sklearn\.(?!utils\._testing|externals|datasets)(\w+\.)+[A-Z]\w*
    | sklearn\.(\w+\.)+__pyx_unpickle_\w+
    | sklearn\.(neighbors|metrics)\._\w+\.newObj
    | sklearn\.ensemble\._hist_gradient_boosting\.binning\._BinMapper
    | sklearn\.tree\._tree\.Tree
    | (xgboost\.(core|sklearn)|lightgbm\.(basic|sklearn)|catboost\.core)\.[A-Z]\w*
    """,
    re.VERBOSE,
)
#: modules of other packages whose functions run programs or code, or load other files
_DANGEROUS_MODULES = re.compile(
    r"""
    numpy\.(testing|distutils|f2py|lib\.(npyio|_npyio_impl|utils)|load|loadtxt|savez?|memmap)
    | torch\.(hub|load|save|jit|package|_dynamo|_inductor
        |utils\.(cpp_extension|model_zoo|collect_env|bottleneck)
        |multiprocessing|distributed|serialization|storage\._load_from_bytes|_C|ops|classes|compile)
    | (pip|setuptools|pkg_resources|distutils|wheel|venv|ensurepip|conda)\b
    | (requests|urllib3|httpx2?|aiohttp|paramiko|fabric|invoke
        |sh|plumbum|pexpect|psutil|docker|kubernetes)\b
    | (boto3|botocore|fsspec|smart_open|s3fs|gcsfs
        |cloudpickle|dill|joblib\.(load|parallel|externals)|numexpr|numba)
    | (IPython|ipykernel|jupyter\w*|ptyprocess|pytest|_pytest|nose|doctest|py|execnet|rpyc
        |Pyro\d?)\b
    | (pandas\.(io|eval|read_\w+|core\.computation)|sklearn\.(utils\._testing|externals|datasets))
    | (keras|tensorflow)\.(.*\.)?(load_model|Lambda|func_load|lambda_layer)
    | (jinja2|mako|yaml|ruamel|jsonpickle|django|flask|twisted|tornado|eventlet|gevent|celery)\b
    """,
    re.VERBOSE,
)
#: the current names of modules of Python 2, which the unpickler applies, too
_RENAMED = {old: new.partition(".")[0] for old, new in IMPORT_MAPPING.items()}
_STANDARD = frozenset(sys.stdlib_module_names) | {
    *("commands", "distutils", "asyncore", "asynchat", "smtpd", "imp", "nt", "posix", "popen2"),
    *("urllib2", "httplib", "cPickle", "_pickle", "idlelib", "test", "lib2to3", "pipes", "cgi"),
    *("telnetlib", "crypt", "spwd", "ossaudiodev", "msilib", "nis", "sndhdr", "uu", "xdrlib"),
}
#: names that lead from one object to any other
_REFLECTION = re.compile(r"__\w+__|(f|gi|cr|tb)_(globals|locals|code|frame|builtins)|func_globals")


def risk_of(name: str) -> Risk:
    """Return the risk of a dotted name, such as ``posix.system``.

    Names of the standard library are dangerous unless they are known to restore only data. A name
    that reaches a module of the standard library through another package, such as
    ``sklearn.os.system``, is dangerous as well.
    """
    first, _, rest = name.partition(".")
    first = _RENAMED.get(first, first)
    if first == "builtins":
        return Risk.COMMON if rest in _SAFE_BUILTINS else Risk.DANGEROUS
    if first in _STANDARD or not rest:
        return Risk.COMMON if rest in _SAFE_STANDARD.get(first, ()) else Risk.DANGEROUS
    if _COMMON.fullmatch(name):
        return Risk.COMMON
    parts = name.split(".")[1:]
    if _DANGEROUS_MODULES.match(name):
        return Risk.DANGEROUS
    if any(_REFLECTION.fullmatch(part) for part in parts):
        return Risk.DANGEROUS
    # A module of the standard library that another module has imported is one of its attributes.
    if any(part in _IMPORTED for part in parts):
        return Risk.DANGEROUS
    return Risk.UNKNOWN


#: modules that appear as attributes of others and can do harm
_IMPORTED = frozenset(
    {
        *("os", "sys", "subprocess", "shutil", "posix", "nt", "builtins", "importlib"),
        *("ctypes", "socket", "pickle", "_pickle", "marshal", "runpy", "pty", "code", "codeop"),
        *("inspect", "types", "operator", "functools", "timeit", "cProfile", "profile", "pdb"),
        *("bdb", "pydoc", "webbrowser", "urllib", "http", "ftplib", "smtplib", "asyncio"),
        *("multiprocessing", "threading", "tempfile", "zipimport", "system", "popen", "exec"),
        *("eval", "compile", "execfile", "check_output", "Popen", "loads"),
    }
)
