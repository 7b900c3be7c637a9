"""Pairs of gold and answer with units, and what rules may say of them. ``judge``: rules must not decide."""

from __future__ import annotations

CASES: dict[str, str] = {
    "temperatures": r"""
25 °C | 25 C | accept or judge
25 °C | 25 deg C | accept
25 °C | 25 degrees | judge
25 °C | 25° | judge
25 °C | 25 celsius | accept
25 °C | 298 K | accept
25 °C | 298 | judge
25 °C | 25 K | judge
25 °C | 25 °F | reject or judge
77 °F | 25 °C | accept
77 °F | 77 F | judge
77 °F | 25 C | accept or judge
-273 °C | -273.15 °C | accept
-273 °C | 0 K | accept or judge
20 °C | 80 C | reject or judge
5 °C | 9 °F | judge
5 K | 5 °C | judge
300 K | 300 k | judge
300 K | 300 °K | accept
-233 ^{\circ} N | -233 °C | judge
5 °C | 5\,{}^{\circ}\mathrm{C} | accept
25 °C | 25 C° | judge
25 °C | 25 oC | judge
25 °C | 25 deg. C | accept
25 °C | 25 degrees-C | accept or judge
25 °C | 25 degs C | accept or judge
25 °C | 25 degrees K | judge
300 K | 300 degrees K | judge
0 °C | 32 °F | accept
0 °F | -17.8 °C | accept
25 °C | 25 °c | judge
25 °C | 25 Celsius degrees | judge
25 °C | 25 degrees celcius | judge
25 °C | 298.15 kelvins | accept
25 °C | 77.0 degrees Fahrenheit | accept
25 °C | 250 °C | reject
37 °C | 98.6 F | judge
300 K | 27 °C | accept or judge
300 K | 27 C | judge
300 K | 80 °F | accept or judge
0 K | 1e-3 K | judge
0.6 W/(m K) | 0.6 W/(m °C) | accept or judge
0.6 W/(m K) | 0.6 W/m°C | accept or judge
4.18 J/(g °C) | 4.18 J/(g K) | accept
4.18 J/(g K) | 4.18 J/gC | accept or judge
""",
    "money": r"""
$5.00 | 5 | judge
$5 | 5 USD | judge
$5 | $5.00 | judge
5 USD | 5 EUR | judge
5 dollars | 500 cents | judge
£5 | 5 | judge
\$5 | 5 | judge
-$5 | -5 | judge
5 | \$5 | judge
5 dollars | 5 | judge
5 cents | 5 | judge
€5 | 5 | judge
5 EUR | 5 | judge
¥500 | 500 | judge
""",
    "numbers beyond measure": r"""
1e400 | 1e400 m | judge
1e400 | 10^400 | judge
5 | 1e400 | judge
1e-400 | 0 | judge
1e400 | 1e401 | judge
1e-400 | 1e-401 | judge
2e999 m | 2e999 m | judge
1e308 | 1e308 | judge
""",
    "orders of magnitude": r"""
10^23 | 6.02e23 | judge
10^23 | 1e23 | accept
10^23 | ~10^23 | accept or judge
10^23 | on the order of 10^23 | judge
10^-7 | 1.6e-7 | judge
10^3 | 1000 | accept
10³ kg/m³ | 1 g/cm^3 | accept
10^23 | 10^{23} | accept
10^23 | 10^26 | reject
6.02e23 | 10^24 | judge
10^-15 m | 0.84 fm | judge
10^-15 m | 1 fm | accept or judge
10^6 | 3e6 | judge
10^6 | 10^7 | judge
10^6 | 1,000,000 | accept
10^6 Pa | 1 MPa | accept
10^6 Pa | 2.5 MPa | judge
10^-6 | 10^6 | reject
""",
    "zero": r"""
0 | 1e-20 | judge
0 | 0.0 | accept
0 | 0.3 | judge
0 J | 0 N | judge
0 J | 3e-14 J | judge
1e-15 | 0 | judge
0 m/s | 0 km/h | accept
0 | 1e-9 | judge
0 N | 1e-12 N | judge
0 J | 0 kJ | accept
0 J | 0 m | judge
0.00 | 0.004 | judge
0 V | 5 V | reject
""",
    "uncertainties, ranges and words": r"""
5.0 ± 0.1 m | 5 m | judge
5 m | 5.0 ± 0.1 m | judge
5 m | 5.0(1) m | judge
5 m | 4-6 m | judge
5 m | 5 to 6 m | judge
5 m | > 5 m | judge
5 m | ≥5 m | judge
5 m | 5+ m | judge
5 m | at least 5 m | judge
5 m | not 5 m | judge
5 m | between 4 m and 6 m | judge
5 m | 5 m north | judge
5 m | 5-10 m | judge
10-20 | 15 | judge
5 m | five metres | judge
79 | seventy-nine | accept
5.5 | 5\frac{1}{2} | accept
5.5 m | 5\frac{1}{2} m | accept or judge
5.5 | 5 1/2 | accept
25.5 | 5\frac{1}{2} | reject or judge
5 | 5(2) | judge
5.5 | 5-6 | judge
5 | 5? | judge
5 | 1:5 | judge
9.81 ± 0.02 m/s^2 | 9.81 m/s^2 | judge
9.81 m/s^2 | 9.81 ± 0.02 m/s^2 | judge
9.81 m/s^2 | 9.81(2) m/s^2 | judge
9.81 m/s^2 | 9.81 +/- 0.02 m/s^2 | judge
9.81 m/s^2 | (9.81 \pm 0.02) m/s^2 | judge
9.81 m/s^2 | 9.8-9.82 m/s^2 | judge
9.81 m/s^2 | 9.8 to 9.9 m/s^2 | judge
9.81 m/s^2 | between 9 and 10 m/s^2 | judge
9.81 m/s^2 | 9.81 m/s^2 downward | judge
90 min | 1 h 30 min | judge
5 ft | 5 ft 0 in | judge
""",
    "percent and other shares": r"""
50 % | 50 pct | accept or judge
50 % | 50 percent | accept
50 % | 50 per cent | accept
50 % | 0.5 | judge
50% | 50 | judge
50% | 25% | reject
50 % | 50 ‰ | judge or reject
50 % | 50 percentage points | judge
50 % | 500000 ppm | accept or judge
10 ppm | 10 ppb | judge or reject
10 ppm | 10 mg/L | judge
0.9 % | 0.9 g/dL | judge
10 % | 10 wt% | judge
10 % | 10 % by mass | judge
10 % | 10 mol% | judge
10 % | 10 mol percent | judge
10 % | 0.10 | judge
0.10 | 10 % | judge
12.5 pct | 12.5 % | accept
""",
    "what turns, repeats and decays": r"""
60 rpm | 1 rev/s | accept
60 rpm | 6.28 rad/s | accept
60 rpm | 1 Hz | judge
60 rpm | 60 r/min | judge
60 rpm | 60 revolutions per minute | accept
60 rpm | 60 RPM | accept
60 rpm | 60 bpm | judge
1 rad | 57.3° | accept
5 rad/s | 5 rads/s | accept or judge
100 rad | 1 Gy | judge
60 rpm | 60 rev/s | reject
3600 rpm | 60 rps | judge
50 Hz | 50 s^-1 | judge
50 Hz | 50 /s | judge
50 Hz | 50 1/s | judge
50 Hz | 314 rad/s | judge
50 Hz | 50 rad/s | judge
50 Hz | 50 Bq | judge
50 Hz | 50 cps | judge
50 Hz | 50 cycles per second | accept
50 Hz | 50 hertz | accept
50 Hz | 500 Hz | reject
50 Bq | 50 decays/s | judge
1 Ci | 3.7e10 Bq | accept
2 Gy | 2 Sv | judge
2 Gy | 2 J/kg | judge
2 Sv | 200 rem | accept
2 Gy | 200 rad | judge
180° | 3.14159 rad | accept or judge
90° | 90 rad | reject
90° | 1.57 rad | accept or judge
90° | 90 | judge
5 rad | 5 | judge
5 rad/s | 5 s^-1 | judge
1 lm | 1 cd | judge
1 rev/s | 1 revolution per second | accept
1 rev/s | 60 revolutions/minute | accept
1 rev/s | 2π rad/s | judge
1 rev/s | 1 turn/s | judge
1 rev/s | 360 °/s | accept
1 rev/s | 360 deg/s | accept
60 rev/min | 60 rev min^-1 | accept
60 rev/min | 60 revs/min | accept
60 rpm | 60 r.p.m. | judge
60 rpm | 6.28 s^-1 | judge
60 rpm | 120 rpm | reject
1200 rpm | 20 Hz | judge
1200 rpm | 125.7 rad/s | accept
440 Hz | 440 cycles/second | accept
440 Hz | 440 cycle/s | accept
440 Hz | 440 vibrations per second | judge
440 Hz | 0.44 kHz | accept
440 Hz | 440 kHz | reject
440 Hz | 2765 rad/s | judge
3 Bq | 3 s^-1 | judge
3 Bq | 3 disintegrations per second | judge
3 kBq | 3000 Bq | accept
3 mSv | 3 mGy | judge
0.1 Gy | 10 rad | judge
5 arcmin | 300 arcsec | accept
45° | 45 degrees | accept
45° | π/4 rad | judge
45° | 0.785 rad | accept
2 sr | 2 rad | judge
""",
    "pressures": r"""
8.314 J/(mol K) | 0.08206 L atm/(mol K) | accept or judge
100 psi | 689.5 kPa | accept
100 psi | 100 kPa | reject
100 psi | 100 psig | judge
760 mmHg | 760 mm Hg | accept
760 mmHg | 760 Torr | accept
760 mmHg | 1 atm | accept
760 mmHg | 760 mm | judge
760 mmHg | 760 mm. Hg | accept or judge
760 mmHg | 760 mm-Hg | accept or judge
1 bar | 750 mmHg | accept
14.7 psi | 1 atm | accept
14.7 psi | 14.7 lbs per sq in | judge
760 mmHg | 760 millimeters of mercury | accept or judge
30 inHg | 30 in Hg | accept
30 inHg | 30 inches of mercury | accept or judge
30 inHg | 30 in. Hg | accept or judge
30 psi | 30 PSI | judge
30 psi | 2.07 bar | accept
30 psi | 207 kPa | accept
30 psi | 30 pounds-force per square inch | accept or judge
30 psi | 30 psia | judge
""",
    "speeds and accelerations": r"""
5 kn | 5 knots | judge
9.8 m/s^2 | 9.81 m/s² | accept
9.81 m/s^2 | 9.8 m/s² | judge
9.8 m/s² | 98 m/s² | reject
90 km/h | 90 kmph | accept or judge
90 km/h | 90 kph | accept
90 km/h | 90 kmh | judge
90 km/h | 90 km/hr | accept
90 km/h | 90 kilometers per hour | accept
90 km/h | 25 m/s | accept
90 km/h | 90 mph | reject
90 km/h | 90 m/s | reject
60 mph | 60 miles per hour | accept
60 mph | 60 mi/h | accept
60 mph | 26.8 m/s | accept
10 m/s | 10 mps | judge
5 kN | 5 kn | judge
49 m/s^2 | 5 g | judge
9.8 m/s^2 | 1 g | judge
5 m/s | 5 metres per second | accept
5 m/s^2 | 5 metres per second squared | accept
5 m/s^2 | 5 m/s/s | accept
3e8 m/s | 2.998e8 m/s | accept
3.0e8 m/s | 3.0e5 km/s | accept
3.0e8 m/s | 3.0 x 10^8 m/s | accept
3.0e8 m/s | 3.0e8 | judge
3.0e8 m/s | 3.0e7 m/s | reject
55 mph | 55 m.p.h. | judge
55 mph | 88.5 km/h | accept
55 mph | 88.5 kmph | accept
55 km/h | 55 km h^-1 | accept
55 km/h | 55 KMPH | judge
55 km/h | 55 km/hour | accept
55 km/h | 55 kms/hr | judge
55 km/h | 15.3 m/s | accept
9.81 m/s^2 | 9.81 meter per second squared | accept
9.81 m/s^2 | 9.81 m per s squared | accept
9.81 m/s^2 | 9.81 m/s2 | accept
9.81 m/s^2 | 9.81 m/s | reject
9.81 m/s^2 | 9.81 m | reject
9.81 m/s^2 | 32.2 ft/s^2 | accept
9.81 m/s^2 | 981 Gal | judge
9.81 m/s^2 | 1 g | judge
9.81 m/s^2 | 9.81 N kg^-1 | accept
9.81 m/s^2 | 9.81 ms**-2 | judge
""",
    "pounds, tons, gallons and other customary units": r"""
100 psi | 100 lb/in^2 | judge
100 psi | 100 lbf/in^2 | accept
100 psi | 100 pounds per square inch | accept or judge
30 lb/in^2 | 30 psi | judge
30 lb/in^2 | 30 lbf/in² | judge
1 kgf/cm^2 | 1 kg/cm^2 | judge
100 ft-lb | 100 ft·lbf | judge
100 ft-lb | 100 lb-ft | accept or judge
100 ft-lb | 100 foot-pounds | accept or judge
100 ft-lb | 135.6 N m | accept or judge
100 ft lbf | 135.6 N m | accept
100 ft-lb | 100 ftlb | accept or judge
10 lb | 4.54 kg | accept or judge
10 lb | 44.5 N | accept or judge
10 lb | 10 kg | reject
10 lbf | 10 lbm | reject
1 ton | 1000 kg | judge
1 ton | 2000 lb | judge
1 tonne | 1 Mg | accept
1 gal | 3.785 L | judge
1 hp | 746 W | judge
1 pint | 473 mL | judge
1 oz | 28.35 g | judge
16 oz | 1 lb | judge
5 kg | 5 kgf | judge
100 ft lb | 100 ft lbs | accept or judge
100 ft-lbf | 100 lbf·ft | accept
10 N m | 7.376 ft lbf | accept
5 t | 5 tons | judge
5 tonnes | 5000 kg | accept
2 gallons | 7.57 L | judge
1 hp | 0.7457 kW | judge
1 lb | 1 lbs | accept
5 lbs | 5 lb | accept
5 lb | 5 pounds | accept or judge
1 lb | 16 oz | judge
100 N | 100 kgf | reject
9.8 N | 1 kgf | accept or judge
5 ft | 60 in | accept
5 ft | 5' | judge
5 kg | 49 N | judge
1 t | 1000 kg | accept
5 t | 5 T | judge
""",
    "calories and other energies": r"""
2000 cm^-1 | 60 THz | judge
1 kWh | 3.6 MJ | accept
1 kWh | 1 kW h | accept
1 kWh | 1 kW/h | reject
1 kWh | 3600 kJ | accept
8.314 J/(mol K) | 1.987 cal/(mol K) | accept or judge
2 eV | 3.2e-19 J | accept
938 MeV | 1.67e-27 kg | judge
0.511 MeV/c^2 | 0.511 MeV | judge
2000 cm^-1 | 0.248 eV | judge
2000 cal | 2000 Cal | judge
2000 kcal | 2000 cal | reject or judge
2000 kcal | 2000 Cal | judge
2000 kcal | 2000 kilocalories | accept
2000 kcal | 2000 Calories | judge
1 cal | 4.184 J | accept
1 kcal | 4184 J | accept
20 kJ/mol | 20 kJ/mole | accept
20 kJ/mol | 20 kJ | reject
20 kJ/mol | 4.78 kcal/mol | accept
20 kJ/mol | 20 kJ per mol | accept
20 kJ/mol | 20 kJ·mol⁻¹ | accept
20 kJ/mol | 20 kJ/mol. | accept
10 eV | 10 ev | judge
10 MeV | 10 meV | reject
10 MeV | 10 Mev | judge
13.6 eV | 2.18e-18 J | accept
13.6 eV | 0.5 hartree | accept
10 kcal | 10 Cal | judge
10 kcal | 10 Kcal | accept or judge
10 kcal | 10 calories | judge
10 kcal | 41.84 kJ | accept
5 cm^-1 | 500 m^-1 | accept
""",
    "particles and moles": r"""
2 eV | 193 kJ/mol | judge
13.6 eV | 1312 kJ/mol | judge
8.314 J/(mol K) | 8.314 Pa m^3/(mol K) | accept or judge
12 u | 12 g/mol | judge
12 g/mol | 12 Da | judge
12 g/mol | 12 amu | judge
12 g/mol | 12 g | reject
12 u | 12 Da | accept
12 u | 12 kDa | reject
5 N | 5 normal | judge
0.5 N | 0.5 M | judge
0.5 M | 0.5 mol/L | accept
0.5 M | 0.5 molar | accept
0.5 mol/kg | 0.5 m | judge
0.5 M | 0.5 mol | reject
5 gram-moles | 5 mol | judge
10 mM | 10 mmol/L | accept
10 mM | 10 mmol | reject
10 mM | 10 mm | reject
10 mM | 0.01 M | accept
18.0 g/mol | 18.0 u | judge
18.0 g/mol | 18.0 amu | judge
18.0 g/mol | 0.018 kg/mol | accept
18.0 g/mol | 18.0 g/mole | accept
18.0 g/mol | 18.0 grams per mole | accept
18.0 g/mol | 18.0 kg/mol | reject
18.0 g/mol | 18.0 kg/kmol | accept
5 kat | 5 mol/s | judge
12 u | 1.99e-26 kg | accept or judge
0.5 M | 0.5 m | judge
10 M | 10 m | judge
""",
    "products run together": r"""
9.8 m/s | 9.8 ms^{-1} | accept or judge
9.8 m/s | 9.8 ms-1 | accept or judge
9.8 m/s^2 | 9.8 ms^-2 | accept or judge
9.8 m/s^2 | 9.8 ms⁻² | accept or judge
1.5 kg m/s | 1.5 kgms^-1 | accept or judge
1.5 kg m/s | 1.5 N s | accept or judge
1.5 kg m/s | 1.5 kg m s⁻¹ | accept
55 km/h | 55 kmh^-1 | accept or judge
25 N m | 25 newton-metres | accept or judge
20 kJ/mol | 20 kJmol^-1 | accept or judge
8.314 J/(mol K) | 8.314 JK^-1mol^-1 | accept or judge
8.314 J/(mol K) | 8.314 J/molK | accept or judge
8.314 J/(mol K) | 8.314 J/mol·K | accept or judge
8.314 J/(mol K) | 8.314 J mol⁻¹ K⁻¹ | accept
8.314 J/(mol K) | 8.314 J/mol-K | accept or judge
18.0 g/mol | 18.0 gmol^-1 | accept or judge
22.4 L/mol | 22.4 Lmol^-1 | accept
25 N m | 25 Nm | accept or judge
25 N m | 25 N-m | accept or judge
25 N m | 25 N·m | accept
25 N m | 25 nm | reject or judge
25 nm | 25 Nm | judge
25 N m | 25 J | judge
25 N m | 2500 N cm | accept
5 J | 5 N m | judge
40 Nm | 80 Nm | reject
3600 A s | 1 Ah | accept
3600 A s | 3600 C | accept
3600 As | 1 A h | accept or judge
2000 mAh | 2 A·h | accept or judge
5 Am^2 | 5 A·m² | accept or judge
5 Am² | 5 J/T | accept or judge
0.6 W/(m K) | 0.6 W/mK | accept or judge
0.6 W/(m K) | 0.6 W/m·K | accept or judge
100 W/m^2K | 100 W/(m² K) | accept or judge
1.0 g/mL | 1.0 gmL^-1 | accept or judge
1000 kg/m^3 | 1000 kgm^-3 | accept or judge
1000 kg/m^3 | 1 g/cc | accept
1000 kg/m^3 | 1 g/cm³ | accept
1000 kg/m^3 | 1 kg/L | accept
1e-3 Pa s | 1e-3 Pas | accept or judge
1e-3 Pa s | 1 mPas | accept or judge
1e-3 Pa s | 1 cP | accept
1e-3 Pa s | 1e-3 kg/(m s) | accept
1e-3 Pa s | 1e-3 kg/ms | accept or judge
6.63e-34 J s | 6.63e-34 Js | accept or judge
2 T m | 2 Tm | judge
2 T m² | 2 Tm^2 | accept or judge
2 Wb | 2 T m^2 | accept
2 V s | 2 Vs | accept or judge
2 Wb | 2 Vs | accept or judge
5 Ω | 5 V/A | accept
5 Ω m | 5 Ωm | accept or judge
100 VA | 100 W | judge
100 VA | 100 V A | accept or judge
100 W | 100 V A | accept or judge
10 N m | 10 Nm^-1 | reject or judge
10 N/m | 10 Nm^-1 | accept
10 N/m | 10 Nm | reject or judge
10 N/m | 10 J/m² | accept or judge
10 N/m^2 | 10 Nm^-2 | accept
10 N/m^2 | 10 Pa | accept
10 C m | 10 Cm | accept or judge
10 C·m | 10 Cm | accept or judge
10 V/m | 10 Vm^-1 | accept
10 V/m | 10 N/C | accept
10 A/m | 10 Am^-1 | accept
10 T | 10 Wb/m² | accept
10 T | 10 N/Am | accept or judge
10 H | 10 V s/A | accept
10 W | 10 V A | judge
5 m^-1 | 5 /m | accept
5 m^-1 | 5 1/m | accept
0.6 W/(m K) | 0.6 Wm^-1K^-1 | accept or judge
10 T | 10 N/(A m) | accept
""",
    "one digit": r"""
7 cm | 7.4 cm | judge
7 cm | 6.5 cm | judge
7 cm | 14 cm | reject
7 cm | 70 cm | reject
0.3 | 0.27 | judge
0.3 m | 0.27 m | judge
0.3 m | 0.6 m | reject
2 m | 2.4 m | judge
8 h | 7.6 h | judge
6 V | 5.6 V | judge
6 V | 6.4 V | judge
6 V | 0.6 V | reject
6 V | -6 V | reject
4e-7 m | 3.8e-7 m | judge
4e-7 m | 4e-6 m | reject
""",
    "other units and spellings": r"""
1.6e-19 C | 1.602e-19 C | accept
25 C | 25.0 C | accept
25 C | 50 C | reject or judge
5 Å | 5 A° | judge
5 MHz | 5 mhz | judge
500 nm | 600 THz | reject
5 kN | 5 kilonewtons | accept
5 KJ | 5 kJ | accept or judge
5 kJ | 5 KJ | accept or judge
5 nmi | 5 nautical miles | accept
12,345 J | 12.345 kJ | accept or judge
5 kN | 5000 N | accept
5 kN | 5 N | reject
22.4 L/mol | 22.4 dm^3 mol^-1 | accept
22.4 L/mol | 0.0224 m^3/mol | accept
5 μm | 5 mcm | judge
5 μm | 5 um | accept
5 μm | 5 microns | accept
5 μm | 5 mm | reject
5 μg | 5 mcg | accept or judge
5 μg | 5 mg | reject
5 m | 5 | judge
5 | 5 m | judge
5 g | 5 G | judge
1 T | 10000 G | accept
5 Å | 0.5 nm | accept
5 Å | 5 A | judge
5 min | 300 s | accept
5 min | 5 m | judge
5 h | 5 H | judge
5 s | 5 S | judge
5 mW | 5 MW | reject
5 kPa | 5 kPA | judge
12 V | 12 v | judge
5 kΩ | 5 K | judge
5 kΩ | 5 k | judge
5 MΩ | 5 M | judge
5 Myr | 5e6 years | accept
120 V | 120 VAC | judge
120 V | 120 V rms | judge
5 μA | 5 uA | accept
5 μA | 5 microamps | accept
5 MΩ | 5 megohms | accept
5 kΩ | 5 kilohms | accept
5 kg | 5 Kg | accept or judge
5 kg | 5 KG | judge
5 kg | 5 kgs | judge
5 kg | 5000 g | accept
5 km | 5 Km | accept or judge
5 km | 5 KM | judge
5 g | 5 gm | judge
5 g | 5 gms | judge
5 L | 5 l | accept
5 L | 5 dm^3 | accept
5 L | 5 cubic decimeters | accept
5 mL | 5 cc | accept
5 mL | 5 ml | accept
5 m^2 | 5 sq m | accept
5 m^2 | 5 square meters | accept
5 m^2 | 5 m squared | accept
5 m^2 | 5 m | reject
5 Ω | 5 ohms | accept
5 kΩ | 5 kOhm | accept or judge
100 W | 100 J/s | accept
1,234 m | 1.234 m | judge
1.234 m | 1,234 m | judge
1,234 m | 1234 m | accept
1,234,567 m | 1234567 m | accept
1 000 m | 1000 m | accept
1 ly | 9.46e15 m | accept
1 AU | 1.496e11 m | accept
1 au | 1 AU | accept
1 yr | 3.156e7 s | accept or judge
1 yr | 365 days | accept or judge
1 light-year | 1 ly | accept
5 miles | 5 mi | accept
5 miles | 8.05 km | accept
100 | 101 | judge
79 | 80 | reject
79 | 118 | reject
0.5 | 1/2 | accept
5e-6 C | 5 μC | accept
5 D | 5 debye | judge
7 pH | 7 | judge
30 dB | 30 | judge
30 dB | 1000 | judge
5 MB | 5 Mb | judge
5 apples | 5 oranges | judge
5 kg | 5 TNT | judge
5 kg | 5 KF | judge
5 ft | 5 sft | judge
5 m | 5 c | judge
22 kPA | 22 kPa | judge
10 F | 10 C/V | accept
10 S | 10 Ω^-1 | accept
10 S | 10 A/V | accept
10 W | 10 J/s | accept
4e-7 m | 400 nm | accept
500 nm | 5000 Å | accept
500 nm | 5000 A | judge
500 nm | 5e-7 m | accept
3 days | 72 h | accept
3 d | 3 days | accept
90 min | 1.5 hr | accept
90 min | 1.5 hours | accept
90 min | 90 m | judge
90 s | 1.5 m | judge
2 weeks | 14 days | accept
5 in | 5" | judge
22.4 L | 22.4 litres | accept
22.4 L | 22.4 liter | accept
1,5 m | 1.5 m | judge
1.500 m | 1,500 m | judge
5 m | 5 m^1 | accept
5 m^-1 | 5 per meter | accept
5 m^-1 | 5 m | reject
""",
    "all kinds, written down after the rules were": r"""
5 N m/rad | 5 Nm/rad | accept or judge
20 km/L | 47 mpg | judge
5 mol/(L s) | 5 M/s | accept
5 L/(mol s) | 5 M^-1 s^-1 | accept
5 1/(M s) | 5 M^-1s^-1 | accept or judge
5 m^3/s | 5 cumecs | judge
5 L/min | 5 lpm | judge
5 W/(m^2 K^4) | 5 W m^-2 K^-4 | accept
5.67e-8 W/(m^2 K^4) | 5.67×10⁻⁸ W·m⁻²·K⁻⁴ | accept
6.67e-11 N m^2/kg^2 | 6.67e-11 m^3 kg^-1 s^-2 | accept
6.67e-11 N m^2/kg^2 | 6.67e-11 Nm²kg⁻² | accept
6.67e-11 N m^2/kg^2 | 6.67e-11 N m^2 | reject
8.85e-12 F/m | 8.85e-12 C^2/(N m^2) | accept
8.85e-12 F/m | 8.85e-12 Fm^-1 | accept or judge
1.26e-6 H/m | 1.26e-6 N/A^2 | accept
1.26e-6 H/m | 1.26e-6 T m/A | accept
1.38e-23 J/K | 1.38e-23 JK^-1 | accept
1.38e-23 J/K | 8.62e-5 eV/K | accept
96485 C/mol | 96485 A s/mol | accept
96485 C/mol | 96.485 kC/mol | accept
96485 C/mol | 96485 C mol^-1 | accept
0.1 M | 100 mM | accept
0.1 M | 0.1 N | judge
1.2 g/cm^3 | 1.2 g/mL | accept
1.2 g/cm^3 | 1200 kg/m^3 | accept
1.2 g/cm^3 | 1.2 kg/m^3 | reject
1.2 g/cm^3 | 1.2 g cm-3 | accept
1.2 g/cm^3 | 1.2 gcm^-3 | accept
1.2 g/cm^3 | 1.2 g per cubic centimeter | accept
1.2 g/cm^3 | 1.2 g/cm3 | accept
1.2 g/cm^3 | 1.2 specific gravity | judge
100 km/h | 62.1 mph | accept
100 km/h | 62 mph | accept or judge
100 km/h | 100 km/s | reject
100 km/h | 27.8 m/s | accept
100 km/h | 28 m/s | accept or judge
4.5 V | 4.5 J/C | accept
4.5 V | 4.5 eV | reject or judge
4.5 eV | 4.5 V | reject or judge
4.5 eV | 4.5 e V | judge
4.5 eV | 4.5 electron volts | accept
4.5 eV | 4.5 electron-volts | accept
4.5 eV | 4.5 eV/atom | judge
4.5 keV | 4.5 kev | judge
12 A | 12 amps | accept
12 A | 12 Amperes | accept
12 A | 12 C/s | accept
12 A | 12 a | judge
3 mi | 3 miles | accept
3 mi | 3 MI | judge
3 mi | 3 min | reject
3 min | 3 mins | accept
3 min | 3 Min | judge
3 min | 0.05 h | accept
3 h | 3 hr. | accept
3 h | 3 Hours | accept
3 h | 3 H | judge
15 days | 15 d | accept
15 days | 360 h | accept
15 in | 15 inches | accept
15 in | 15 inch | accept
15 in | 38.1 cm | accept
15 in. | 38.1 cm | accept
15 yd | 45 ft | accept
6 ft | 72 inches | accept
6 ft | 1.83 m | accept
6 ft | 6 m | reject
150 lbs | 68 kg | judge
150 lb | 150 lbf | judge
150 lb | 150 pounds | judge
2 pints | 1 quart | judge
3 tsp | 1 tbsp | judge
1 stone | 14 lb | judge
40 °C | 40 degrees centigrade | accept
40 °C | 104 °F | accept
40 °C | 104 degrees F | accept
40 °C | 313 K | accept
40 °C | 40 K | judge
40 °C | 40 °K | judge
-40 °C | -40 °F | accept
-40 °C | -40 C | accept or judge
-40 °C | 40 °C | reject
98.6 °F | 37 °C | accept
98.6 °F | 37.0 °C | accept
10 K | 10 °C | judge
10 K | 10 C | judge
10 K | 10 C° | judge
2.0 mSv | 0.2 rem | accept
2.0 mSv | 2.0 mrem | reject
2.0 mSv | 2.0 msv | judge
3.7e10 Bq | 1 Ci | accept
3.7e10 Bq | 3.7e10 decays per second | judge
3.7e10 Bq | 37 GBq | accept
3.7e10 Bq | 3.7e10 Hz | judge
3.7e10 Bq | 3.7e10 cps | judge
1500 rpm | 25 rev/s | accept
1500 rpm | 157 rad/s | accept or judge
1500 rpm | 25 Hz | judge
1500 rpm | 25 s^-1 | judge
1500 rpm | 1500 /min | judge
1500 rpm | 1500 rev per minute | accept
100 MHz | 100 megacycles per second | judge
100 MHz | 1e8 Hz | accept
100 MHz | 1e8 cycles/s | accept or judge
100 MHz | 100 mHz | reject
100 MHz | 1e8 /s | judge
1.0 atm | 14.7 psi | accept
1.0 atm | 14.7 PSI | judge
1.0 atm | 14.7 lb/in^2 | judge
1.0 atm | 29.92 inHg | accept
1.0 atm | 29.92 in. Hg | accept or judge
1.0 atm | 760 Torr | accept
1.0 atm | 760 torr | accept
1.0 atm | 760 mm of Hg | accept
1.0 atm | 1.0 at | judge
1.0 atm | 101 kPa | accept
1.0 atm | 1.0 bar | judge
1.0 atm | 10 bar | reject
1.0 atm | 1.0 ATM | judge
35 % | 35 percent | accept
35 % | 35 Percent | accept
35 % | 35 pct. | accept or judge
35 % | .35 | judge
35 % | 35 | judge
35 % | 35% | accept
35 % | 3.5 % | reject
35 % | 35 parts per hundred | judge
$3.50 | 3.5 | judge
3.50 | $3.50 | judge
$3.50 | 350 cents | judge
3.50 dollars | 3.50 euros | judge
USD 3.50 | 3.5 | judge
3.5 € | 3.5 | judge
0.8 m | 0.75 m | accept or judge
0.8 m | 0.85 m | accept or judge
0.8 m | 0.9 m | judge
0.8 m | 8 m | reject
9 h | 8.5 h | accept or judge
9 h | 9.4 h | judge
3 | 2.7 | judge
3 | 3.4 | judge
3 | 30 | reject
4e5 J | 3.7e5 J | judge
4e5 J | 4.2e5 J | judge
4e5 J | 8e5 J | reject
10^-3 | 2.5e-3 | judge
10^5 Pa | 1.013e5 Pa | judge
10^5 Pa | 1 bar | accept
10^5 Pa | 10^5 J | reject
0 | 3e-17 | judge
0.0 | -1e-16 | judge
0 | 1e-300 | judge
0 | 5 | reject
5 | 0 | reject
1e999 | 1e999 | judge
1E+500 J | 1E+500 J | judge
3.2 ± 0.1 g | 3.2 g | judge
3.2 g | 3.2 ± 0.1 g | judge
3.2 g | 3.2(1) g | judge
3.2 g | 3.1–3.3 g | judge
3.2 g | 3.2 g or 3.3 g | judge
3.2 g | approximately 3.2 g | accept or judge
3.2 g | three point two grams | judge
2 dozen | 24 | judge
24 | 2 dozen | judge
24 | two dozen | judge
24 | twenty-four | accept
24 u | 24 g/mol | judge
24 g/mol | 24 daltons | judge
24 Da | 24 u | accept
24 u | 24 amu | accept
3 kn | 3 kN | judge
3 kn | 3 kt | judge
3 kn | 1.54 m/s | judge
3 knots | 3 kn | judge
3 knots | 1.54 m/s | accept
7 mcm | 7 μm | judge
7 mcm | 7 million cubic meters | judge
7 mcg | 7 μg | accept or judge
7 mcL | 7 μL | judge
7 micron | 7 μm | accept
7 μ | 7 μm | judge
7 um | 7 μm | accept
7 µm | 7 μm | accept
7 \mu m | 7 μm | accept
0.2 N | 0.2 mol/L | judge
0.2 N | 0.2 eq/L | judge
0.2 N | 0.2 kg m/s^2 | accept
0.2 N HCl | 0.2 M HCl | judge
""",
}
"""Kind → rows of gold, answer and the verdicts that are right."""


def rows() -> list[tuple[str, str, str, set[str]]]:
    """Kind, gold, answer and the verdicts that are right."""
    found = []
    for kind, text in CASES.items():
        for line in text.strip().splitlines():
            gold, answer, verdicts = line.split(" | ")
            found.append((kind, gold, answer, set(verdicts.split(" or "))))
    return found
