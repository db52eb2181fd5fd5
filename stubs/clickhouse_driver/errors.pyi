class Error(Exception):
    code: int

class ServerException(Error):
    message: str

class NetworkError(Error): ...
class SocketTimeoutError(Error): ...
