"""Where plugins' files and configurations are kept: `plugin-config-data` of one host (contract §8)."""

from refhost.storage.config_file import ConfigFile, SavedConfig
from refhost.storage.migration import Migration, migrate
from refhost.storage.storage import DIRECTORY, ROOT, Storage, folder_name

__all__ = ["DIRECTORY", "ROOT", "ConfigFile", "Migration", "SavedConfig", "Storage", "folder_name", "migrate"]
