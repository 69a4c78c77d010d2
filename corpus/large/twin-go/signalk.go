package main

import "unsafe"

// What the server offers to a core module, as far as the twin uses it.

//go:wasmimport env sk_set_status
func setStatus(text string)

//go:wasmimport env sk_set_error
func setError(text string)

//go:wasmimport env sk_has_capability
func skHasCapability(name string) int32

//go:wasmimport env sk_handle_message
func skHandleMessage(delta string, version int32)

//go:wasmimport env sk_publish_notification
func skPublishNotification(path string, value string) int32

//go:wasmimport env sk_get_self_path
func skGetSelfPath(path string, out unsafe.Pointer, room uint32) int32

//go:wasmimport env sk_save_config
func skSaveConfig(config string) int32

//go:wasmimport env sk_register_put_handler
func skRegisterPutHandler(context string, path string) int32

//go:wasmimport env sk_register_resource_provider
func skRegisterResourceProvider(kind string) int32

// own returns what the data model holds at a path of the own vessel, as JSON; nothing where it does not fit.
func own(path string) []byte {
	room := make([]byte, 1024)
	size := skGetSelfPath(path, unsafe.Pointer(&room[0]), uint32(len(room)))
	return room[:max(size, 0)]
}

// The server's texts: memory that it asked for, which the collector leaves alone as long as it is in here.
var blocks = map[uint32][]byte{}

//go:wasmexport allocate
func allocate(size uint32) uint32 {
	block := make([]byte, max(size, 1))
	address := uint32(uintptr(unsafe.Pointer(&block[0])))
	blocks[address] = block
	return address
}

//go:wasmexport deallocate
func deallocate(address uint32, _ uint32) {
	delete(blocks, address)
}

// received is the text that the server put somewhere, as a copy.
func received(text unsafe.Pointer, length uint32) []byte {
	return append([]byte{}, unsafe.Slice((*byte)(text), length)...)
}

// handOut hands a text to the server. One that does not fit is not written; the server sees this from the length.
func handOut(text string, out unsafe.Pointer, room uint32) uint32 {
	if len(text) <= int(room) {
		copy(unsafe.Slice((*byte)(out), room), text)
	}
	return uint32(len(text))
}
