"""What the host says over HTTP and WebSocket, one module per part of the API."""
