"""The settings and the store behind a client, an experiment and a trial."""

from runner.api.submit import AnyRequest, store_for
from runner.settings import Settings
from runner.store.engine import Store
from runner.store.opening import NoStoreYet, find_store


class Home:
    """Open the store when it is first needed, and make it only where something is submitted."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._store: Store | None = None

    @property
    def store(self) -> Store:
        """Return the store; raise NoStoreYet, an InputError, if there is none yet."""
        if self._store is None:
            self._store = find_store(self.settings)
        return self._store

    def store_if_any(self) -> Store | None:
        """Return the store; None if there is none yet."""
        try:
            return self.store
        except NoStoreYet:
            return None

    def store_for(self, request: AnyRequest) -> Store:
        """Return the store that a request goes to; it may be made for it."""
        if self._store is None:
            self._store = store_for(self.settings, request)
        return self._store

    @property
    def name(self) -> str:
        """Return what the home is called to people; it holds no secret."""
        store = self.store_if_any()
        return f"home {self.settings.home}, {store.name if store else 'no results store yet'}"
