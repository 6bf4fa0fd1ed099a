"""Makes vectors.json with the PyPI package `tink` (1.16.1): an implementation that is not ours.

    pip install tink==1.16.1 && python generate.py > vectors.json

A stream is determined by key, associated data, plaintext and its 40-byte header, so a vector holds
the header and the SHA-256 of the whole ciphertext. A sealer that makes the same bytes for the same
header is one that tink opens.
"""
import base64, hashlib, io, json, tink
from tink import cleartext_keyset_handle, streaming_aead
from tink.proto import aes_gcm_hkdf_streaming_pb2 as kp, common_pb2 as c, tink_pb2 as t

KEY = bytes(range(32))
AAD = b"rsvault/v1/0190a5f0-0000-7000-8000-000000000001/0"
SEGMENT = 1 << 20
FIRST = SEGMENT - 40 - 16

streaming_aead.register()
key = kp.AesGcmHkdfStreamingKey(version=0, key_value=KEY, params=kp.AesGcmHkdfStreamingParams(
    ciphertext_segment_size=SEGMENT, derived_key_size=32, hkdf_hash_type=c.SHA256))
keyset = t.Keyset(primary_key_id=1, key=[t.Keyset.Key(
    key_data=t.KeyData(type_url="type.googleapis.com/google.crypto.tink.AesGcmHkdfStreamingKey",
                       value=key.SerializeToString(), key_material_type=t.KeyData.SYMMETRIC),
    status=t.ENABLED, key_id=1, output_prefix_type=t.RAW)])
handle = cleartext_keyset_handle.read(tink.BinaryKeysetReader(keyset.SerializeToString()))
primitive = handle.primitive(streaming_aead.StreamingAead)


class Keep(io.BytesIO):
    def close(self):
        pass


vectors = []
for size in (0, 1, 100, FIRST - 1, FIRST, FIRST + 1, FIRST + SEGMENT - 16, 3_500_001):
    plain = bytes((i * 31 + (i >> 8) * 17) & 0xFF for i in range(size))
    out = Keep()
    with primitive.new_encrypting_stream(out, AAD) as stream:
        stream.write(plain)
    sealed = out.getvalue()
    vector = {"size": size, "header": sealed[:40].hex(), "sealedSize": len(sealed),
              "sha256": hashlib.sha256(sealed).hexdigest()}
    if size <= 100:
        vector["sealed"] = sealed.hex()
    vectors.append(vector)
print(json.dumps({"key": KEY.hex(), "associatedData": AAD.decode(), "vectors": vectors}, indent=1))
