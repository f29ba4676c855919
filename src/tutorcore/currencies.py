"""Which currencies exist, and how many decimals each has.

The table is ISO 4217's own (list one as of January 2026, with the fund codes), kept here on purpose: the locale
data that formats amounts disagrees with the standard on the decimals of a dozen currencies and answers two for
codes it has never heard of. Codes without a minor unit (gold, special drawing rights, "no currency") are not
money anybody can pay with, and are absent. Knows neither amounts nor names nor symbols of currencies.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from attrs import field, frozen

from tutorcore.errors import InvalidType, InvalidValue, UnknownName

_CODE = re.compile(r"[A-Z][A-Z0-9]{1,11}")
_MOST_DECIMALS = 8


def _check_code(_: object, __: object, value: str) -> None:
    if not isinstance(value, str):
        raise InvalidType("currency code", value, "a text")
    if _CODE.fullmatch(value) is None:
        raise InvalidValue("currency code", value, "2 to 12 capital ASCII letters or digits, beginning with a letter")


def _check_exponent(_: object, __: object, value: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidType("currency exponent", value, "a whole number of decimals")
    if not 0 <= value <= _MOST_DECIMALS:
        raise InvalidValue("currency exponent", value, f"0 to {_MOST_DECIMALS} decimals")


@frozen
class Currency:
    """A unit that amounts are counted in; `exponent` is its number of decimals (2 for USD, 0 for JPY)."""

    code: str = field(validator=_check_code)
    exponent: int = field(validator=_check_exponent)

    def __str__(self) -> str:
        return self.code


def _by_code(units: Iterable[Currency]) -> Mapping[str, Currency]:
    return MappingProxyType({unit.code: unit for unit in sorted(units, key=lambda unit: unit.code)})


@frozen(eq=False, repr=False)
class Currencies:
    """An immutable set of currencies, looked up by code.

    >>> ISO_4217.get("JPY").exponent
    0
    >>> ISO_4217.with_unit("ITC", 1).get("ITC")
    Currency(code='ITC', exponent=1)
    """

    _units: Mapping[str, Currency] = field(converter=_by_code)

    @property
    def codes(self) -> frozenset[str]:
        """The codes of all currencies in the set."""
        return frozenset(self._units)

    def get(self, code: str) -> Currency:
        """Return the currency of that code; raise `UnknownName`, with a suggestion where one is near."""
        unit = self._units.get(code) if isinstance(code, str) else None
        if unit is None:
            raise UnknownName("currency", code, self._units)
        return unit

    def with_unit(self, code: str, exponent: int) -> Currencies:
        """Return a set that also knows this unit, such as a platform's credits.

        Naming a known unit again is harmless, but it cannot be given other decimals: stored amounts would change.
        """
        unit = Currency(code, exponent)
        known = self._units.get(code)
        if known is None:
            return Currencies([*self._units.values(), unit])
        if known != unit:
            raise InvalidValue(f"exponent of {code}", exponent, f"{known.exponent}, as it is already defined")
        return self

    def __repr__(self) -> str:
        return f"<Currencies: {len(self._units)} units>"


_NO_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_TWO_DECIMALS = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD CAD CDF CHE CHF CHW CNY
    COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS
    INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR
    MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP
    STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR ZMW ZWG
"""
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_FOUR_DECIMALS = "CLF UYW"

ISO_4217: Final = Currencies(
    Currency(code, exponent)
    for exponent, codes in {0: _NO_DECIMALS, 2: _TWO_DECIMALS, 3: _THREE_DECIMALS, 4: _FOUR_DECIMALS}.items()
    for code in codes.split()
)
